/** A person's data on the whole platform: where it is as long as it may be there, and that it is nowhere afterwards. */
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Atoll } from '@atoll/sdk/client';
import { AtollError } from '@atoll/sdk/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operatorOf, seeded, unique } from '../platform/clients.ts';
import { processesNaming } from '../platform/host.ts';
import { launch, newHome, Platform, removeHome } from '../platform/platform.ts';
import { databaseFilesWith, tracesOf } from '../platform/traces-of.ts';
import { until } from '../platform/waiting.ts';

const home = newHome();
const root = fileURLToPath(new URL('../../', import.meta.url));
let platform: Platform;
let acme: { id: string; admin: Atoll; viewer: Atoll };
let globex: { id: string; admin: Atoll; viewer: Atoll };

beforeAll(async () => {
  platform = await Platform.start({ home, args: ['--no-node'] });
  acme = seeded(platform.ready, 0);
  globex = seeded(platform.ready, 1);
}, 150_000);
afterAll(async () => {
  await platform?.stop().catch(() => {});
  removeHome(home);
});

/** Quotes, an umlaut and a backslash: each way of writing has its own form for these. */
const person = () => {
  const tag = unique('p');
  return { displayName: `Zoë "Z\\" Öztürk-${tag}`, email: `${tag}.oeztuerk@people.example` };
};
const textsOf = (...people: readonly { displayName: string; email: string }[]) =>
  people.flatMap(({ displayName, email }) => [displayName, email]);
const find = (...people: readonly { displayName: string; email: string }[]) =>
  tracesOf(platform.ready, home, textsOf(...people));

async function member(of: Atoll, subject: string) {
  const { nodes } = await of.query.members({ first: 100 });
  return nodes.find((one) => one.subject === subject);
}
const events = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['libs/events/src/command/main.ts', '--home', home, ...args], { cwd: root });

test('personal data is in the read model and nowhere else, and after the erasure nowhere', async () => {
  const [ann, other, refused] = [person(), person(), person()];
  const subject = unique('sub');
  const input = { subject, role: 'VIEWER', ...ann, idempotencyKey: unique('key') } as const;
  const added = await acme.admin.mutate.addMember(input);
  expect(added.member).toMatchObject({ subject, ...ann, erasedAt: null });
  // The same person's name in another tenant, and what was refused: neither is a trace of theirs.
  await globex.admin.mutate.addMember({ subject, role: 'ADMIN', ...other });
  await expect(acme.admin.mutate.addMember({ ...input, ...refused })).rejects.toThrow(
    'idempotency key was used before',
  );
  await expect(acme.admin.mutate.addMember({ ...input, ...refused, idempotencyKey: null })).rejects.toThrow(
    'is a member of the tenant already',
  );
  await expect(acme.admin.mutate.addMember({ subject: refused.email, role: 'VIEWER' })).rejects.toThrow(
    "must be an identifier of the issuer's own making",
  );
  expect(await acme.admin.mutate.addMember(input)).toMatchObject({ position: added.position });

  expect(await find(ann)).toEqual(['table read.member']);
  expect(await find(refused)).toEqual([]);
  await expect(acme.viewer.query.members({})).rejects.toThrow('member:read');

  const erase = { subject, idempotencyKey: unique('key') };
  const erased = await acme.admin.mutate.erasePersonalData(erase);
  expect(erased.member).toMatchObject({ subject, role: 'VIEWER', displayName: null, email: null });
  expect(erased.member?.erasedAt).toMatch(/^\d{4}-/);
  expect(await find(ann)).toEqual([]);
  expect(await find(other)).toEqual(['table read.member']);
  expect(await member(globex.admin, subject)).toMatchObject({ ...other, erasedAt: null });
  await until('the table files hold nothing of it', 60_000, async () => {
    return (await databaseFilesWith(platform.ready, home, textsOf(ann))).length === 0;
  });

  // Again, by the operator, and under the same key: nothing more happens.
  expect((await acme.admin.mutate.erasePersonalData(erase)).position).toBe(erased.position);
  const again = await operatorOf(platform.ready).mutate.erasePersonalData({ subject, tenantId: acme.id });
  expect(again.member).toEqual(erased.member);
  // The key of the first request is still known, its answer without what is gone.
  expect((await acme.admin.mutate.addMember(input)).member).toEqual(erased.member);

  const told: { type: string; actor: string; data: unknown }[] = [];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<typeof acme.admin.query.events>> = await acme.admin.query.events({
      first: 100,
      after,
    });
    told.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) break;
    after = page.pageInfo.endCursor ?? null;
  }
  expect(told.filter(({ type }) => type === 'tenancy.PersonalDataErased')).toMatchObject([
    { actor: 'user:acme-admin', data: { subject, memberId: erased.member?.id } },
  ]);
});

test('a tenant can erase nobody of another, and nobody who is not there', async () => {
  const subject = unique('sub');
  await globex.admin.mutate.addMember({ subject, role: 'VIEWER', ...person() });
  for (const tenantId of [null, globex.id]) {
    const failure = await acme.admin.mutate.erasePersonalData({ subject, tenantId }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AtollError);
    expect(failure).toMatchObject({ code: 'NOT_FOUND' });
  }
  expect((await member(globex.admin, subject))?.erasedAt).toBeNull();
});

test('processes that are killed in the middle leave it erased, with its event, or not erased at all', async () => {
  const people = Array.from({ length: 12 }, () => ({ subject: unique('sub'), ...person() }));
  await Promise.all(people.map((one) => acme.admin.mutate.addMember({ role: 'VIEWER', ...one })));
  const attempt = (one: (typeof people)[number]) =>
    acme.admin.mutate.erasePersonalData({ subject: one.subject, idempotencyKey: `erase-${one.subject}` });
  const first = Promise.allSettled(people.map(attempt));
  await Promise.all([platform.killAndAwait('tenancy'), platform.killAndAwait('gateway')]);
  await first;
  await Promise.all(
    people.map((one) =>
      until(
        `${one.subject} is erased`,
        60_000,
        async () => (await attempt(one).catch(() => null))?.member?.erasedAt != null,
      ),
    ),
  );
  expect(await find(...people)).toEqual([]);
});

test('read models that are made anew from the log have what is left, and nothing of the erased', async () => {
  const [gone, stays] = [
    { subject: unique('sub'), ...person() },
    { subject: unique('sub'), ...person() },
  ];
  for (const one of [gone, stays]) await acme.admin.mutate.addMember({ role: 'VIEWER', ...one });
  await acme.admin.mutate.erasePersonalData({ subject: gone.subject });
  const before = await acme.admin.query.members({ first: 100 });
  await events('rebuild', 'start', 'read/read-models');
  expect(await acme.admin.query.members({ first: 100 })).toEqual(before);
  expect(await find(stays)).toEqual(['table read.member']);
  expect(await find(gone)).toEqual([]);
});

test('a new master key opens what the old one did, also after the old one is gone', async () => {
  const one = { subject: unique('sub'), ...person() };
  await acme.admin.mutate.addMember({ role: 'VIEWER', ...one });
  await events('keys', 'add-master', 'k2');
  await expect(events('keys', 'remove-master', 'k1')).rejects.toThrow('keys are wrapped with k1');
  await events('keys', 'rewrap');
  await events('keys', 'remove-master', 'k1');
  await platform.killAndAwait('tenancy');
  const later = { subject: unique('sub'), ...person() };
  await until('tenancy takes commands', 90_000, async () => {
    const added = await acme.admin.mutate
      .addMember({ role: 'VIEWER', idempotencyKey: later.subject, ...later })
      .catch(() => null);
    return added?.member?.email === later.email;
  });
  await events('rebuild', 'start', 'read/read-models');
  expect(await member(acme.admin, one.subject)).toMatchObject(one);
  // Who was erased stays so; and what a restored database would bring back is destroyed again.
  const { stdout } = await events('keys', 'erased');
  expect(stdout.trim().split('\n').length).toBeGreaterThan(12);
});

test('the erased are destroyed again in a restored home before any service sees it', async () => {
  const { stdout } = await events('keys', 'erased');
  const erased = stdout.trim().split('\n').length;
  const file = join(home, 'erased.jsonl');
  writeFileSync(file, stdout);
  await platform.stop();
  const alone = launch(home, { bare: true, args: ['--database-only'] });
  try {
    await until('the database runs alone', 60_000, () => alone.output().includes('is ready, and nothing else runs'));
    const buried = await events('keys', 'bury', file);
    expect(buried.stdout).toContain(`tenancy: ${erased} are erased, 0 of them were readable again.`);
    expect(processesNaming([home]).filter((line) => line.includes('services/'))).toEqual([]);
  } finally {
    alone.child.kill('SIGTERM');
  }
  expect((await alone.ended).code).toBe(0);
  expect(existsSync(join(home, 'database.json'))).toBe(false);
  await expect(events('keys', 'erased')).rejects.toThrow("doesn't run");
});
