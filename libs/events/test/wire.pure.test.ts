import { contexts } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fromCloudEvent, toCloudEvent } from '../src/cloudevents.ts';
import { UnreadableEvent } from '../src/errors.ts';
import { upcast } from '../src/upcast.ts';
import { canonicalJson, hashOf } from '../src/write/canonical.ts';

const record: fc.Arbitrary<EventRecord> = fc.record({
  id: fc.constant(null).map(() => newId('event')),
  context: fc.constantFrom(...contexts),
  type: fc.stringMatching(/^[A-Z][A-Za-z]{0,30}$/),
  schemaVersion: fc.integer({ min: 1, max: 99 }),
  tenant: fc.constant(PLATFORM),
  stream: fc.stringMatching(/^[a-z]{1,10}:[a-z0-9_]{1,30}$/),
  version: fc.integer({ min: 1 }),
  position: fc.maxSafeInteger().map((value) => 1 + (Math.abs(value) % 9_000_000_000_000_000)),
  time: fc.constant('2026-01-02T03:04:05.678Z'),
  actor: fc.string(),
  cause: fc.option(fc.string()),
  correlation: fc.string(),
  traceparent: fc.option(fc.string()),
  data: fc.jsonValue(),
});

describe('CloudEvents', () => {
  test('an event comes back from the wire as it was', () => {
    fc.assert(
      fc.property(record, (event) => {
        const { data, ...head } = fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(event))));
        const { data: sent, ...sentHead } = event;
        expect(head).toEqual(sentHead);
        expect(JSON.stringify(data)).toBe(JSON.stringify(sent));
      }),
    );
  });

  test('attributes keep to the names and types of the specification', () => {
    fc.assert(
      fc.property(record, (event) => {
        for (const [name, value] of Object.entries(toCloudEvent(event))) {
          expect(name).toMatch(/^[a-z0-9]{1,20}$/);
          if (name === 'data') continue;
          expect(['string', 'number']).toContain(typeof value);
          if (typeof value === 'number') expect(value).toBeLessThan(2 ** 31);
        }
      }),
    );
  });

  test.each([
    null,
    {},
    { ...toCloudEvent(sample()), specversion: '0.3' },
    { ...toCloudEvent(sample()), source: '/elsewhere' },
    { ...toCloudEvent(sample()), type: 'atoll.network.Opened' },
    { ...toCloudEvent(sample()), position: '0' },
  ])('what is no event of ours is refused (%#)', (body) => {
    expect(() => fromCloudEvent(body)).toThrow();
  });
});

describe('upcasting', () => {
  const registry = {
    Opened: {
      version: 3,
      data: z.looseObject({ one: z.literal(true), three: z.literal(true) }),
      upcasters: {
        1: (data: unknown) => ({ ...(data as object), two: true }),
        2: (data: unknown) => ({ ...(data as object), three: true }),
      },
    },
  };
  const at = (schemaVersion: number) => ({ ...sample(), schemaVersion, data: { one: true } });

  test('goes step by step to the newest shape', () => {
    expect(upcast(registry, at(1))).toMatchObject({ schemaVersion: 3, data: { one: true, two: true, three: true } });
    expect(upcast(registry, at(2)).data).toEqual({ one: true, three: true });
    const newest = { ...at(3), data: { one: true, three: true } };
    expect(upcast(registry, newest)).toBe(newest);
  });

  test('says which event, and what to do, where there is no way', () => {
    expect(() => upcast(registry, at(4))).toThrow(/deploy:7 \(Opened\) has schema version 4.*update this process/);
    expect(() => upcast({}, at(1))).toThrow(UnreadableEvent);
    expect(() => upcast(registry, { ...at(1), type: 'toString' })).toThrow("which this process doesn't know");
    expect(() => upcast({ Opened: { ...registry.Opened, upcasters: {} } }, at(1))).toThrow(
      'no upcaster from version 1',
    );
  });

  test('refuses data that is not what its schema says, in any version, and says which', () => {
    const two = (event: EventRecord) => ({ ...event, data: { two: 'of something else' } });
    expect(() => upcast(registry, two(at(3)))).toThrow(
      /deploy:7 \(Opened, version 3\) isn't what its schema says[\s\S]*one/,
    );
    expect(() => upcast(registry, two(at(1)))).toThrow(/version 1\) isn't what its schema says.*from a backup/);
    const upcasters = {
      ...registry.Opened.upcasters,
      1: (data: unknown) => Object.keys((data as { list: object }).list),
    };
    expect(() => upcast({ Opened: { ...registry.Opened, upcasters } }, two(at(1)))).toThrow(UnreadableEvent);
  });

  test('takes what is sealed for what it is without the key', () => {
    const shape = z.strictObject({ name: z.string().nullable(), list: z.array(z.string().nullable()) });
    const sealed = { $sealed: 'AAAA' };
    const event = { ...at(1), data: { name: sealed, list: [sealed, 'a'] } };
    expect(upcast({ Opened: { version: 1, data: shape } }, event)).toBe(event);
    const where = { ...at(1), data: { name: 'a', list: sealed } };
    expect(() => upcast({ Opened: { version: 1, data: shape } }, where)).toThrow(UnreadableEvent);
  });
});

test('canonical JSON is the same whatever the order of keys, and another for another value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(hashOf(turned)).toBe(hashOf(value));
      expect(hashOf({ ...value, more: 1, other: 2 })).not.toBe(hashOf({ ...value, more: 2, other: 1 }));
    }),
  );
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: undefined })).toBe('{"b":[{"c":null,"d":1}]}');
  expect(canonicalJson(undefined)).toBe('null');
});

function sample(): EventRecord {
  return {
    id: 'evt_01h455vb4pex5vsknk084sn02q',
    context: 'deploy',
    type: 'Opened',
    schemaVersion: 1,
    tenant: PLATFORM,
    stream: 'account:1',
    version: 1,
    position: 7,
    time: '2026-01-02T03:04:05.678Z',
    actor: 'user:ann',
    cause: null,
    correlation: 'c',
    traceparent: null,
    data: { owner: 'ann' },
  };
}
