import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registries } from '../gen/registries.ts';
import { contexts } from '../src/contexts.ts';
import { mapPersonal, personal, personalFields, personalTypes, withoutPersonal } from '../src/personal.ts';

const schema = z.strictObject({
  subject: z.string(),
  name: personal(z.string(), 'subject').describe('A name.'),
  home: z.strictObject({ street: personal(z.string(), 'subject') }).optional(),
  guests: z.array(
    z.strictObject({ id: z.string(), name: personal(z.string(), 'id'), host: personal(z.string(), 'subject') }),
  ),
});

const data = {
  subject: 's',
  name: 'Ann',
  home: { street: 'High Street' },
  guests: [
    { id: 'g1', name: 'Bob', host: 'Ann' },
    { id: 'g2', name: null, host: 'Ann' },
  ],
};

describe('personal fields', () => {
  it('are found in objects and lists, each with whose it is: the nearest field of that name', () => {
    expect(personalFields(schema)).toEqual([
      { path: ['name'], subject: ['subject'] },
      { path: ['home', 'street'], subject: ['subject'] },
      { path: ['guests', '*', 'name'], subject: ['guests', '*', 'id'] },
      { path: ['guests', '*', 'host'], subject: ['subject'] },
    ]);
  });

  it('are replaced where they are there, and nothing else is', () => {
    const seen: string[] = [];
    const changed = mapPersonal(personalFields(schema), data, (value, subject, path) => {
      seen.push(`${path} of ${subject}: ${value}`);
      return 'x';
    });
    expect(seen).toEqual([
      'name of s: Ann',
      'home.street of s: High Street',
      'guests.0.name of g1: Bob',
      'guests.0.host of s: Ann',
      'guests.1.host of s: Ann',
    ]);
    expect(changed).toEqual({
      ...{ subject: 's', name: 'x', home: { street: 'x' } },
      guests: [
        { id: 'g1', name: 'x', host: 'x' },
        { id: 'g2', name: null, host: 'x' },
      ],
    });
    expect(data.name).toBe('Ann');
    expect(JSON.stringify(withoutPersonal(personalFields(schema), data))).not.toMatch(/Ann|Bob|High/);
    expect(mapPersonal(personalFields(schema), 'no object', () => 'x')).toBe('no object');
  });

  it('may be null: never given, or erased', () => {
    expect(schema.safeParse({ ...data, name: null }).success).toBe(true);
    expect(schema.safeParse({ ...data, name: { $sealed: '1.key.x' } }).success).toBe(false);
  });

  it('of nobody are refused when a context starts, with the name of the type', () => {
    const nobody = z.strictObject({ name: personal(z.string(), 'subject') });
    expect(() => personalTypes({ Joined: { version: 1, data: nobody } })).toThrow(
      'Joined: name is personal data of nobody: there is no text field "subject"',
    );
    const optional = z.strictObject({ subject: z.string().optional(), name: personal(z.string(), 'subject') });
    expect(() => personalFields(optional)).toThrow('personal data of nobody');
    const ofAPersonalField = z.strictObject({ a: personal(z.string(), 'b'), b: personal(z.string(), 'a') });
    expect(() => personalFields(ofAPersonalField)).toThrow('personal data of nobody');
  });

  it('are refused where they would not be found in data', () => {
    const one = z.strictObject({ subject: z.string(), name: personal(z.string(), 'subject') });
    for (const hidden of [z.union([one, z.string()]), z.record(z.string(), one), z.tuple([one])]) {
      expect(() => personalFields(z.strictObject({ subject: z.string(), hidden }))).toThrow('union, record or tuple');
    }
  });
});

it('personal data in the events of today is that of members alone', () => {
  const found = contexts.flatMap((context) =>
    [...personalTypes(registries[context])].map(([type, fields]) => [
      `${context}.${type}`,
      fields.map((f) => f.path.join('.')),
    ]),
  );
  expect(found).toEqual([
    ['tenancy.MemberAdded', ['displayName', 'email']],
    ['tenancy.MemberInvited', ['email']],
    ['tenancy.InvitationAccepted', ['displayName', 'email']],
  ]);
});
