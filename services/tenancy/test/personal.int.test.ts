import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { type Id, id, PLATFORM } from '@atoll/schema/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const { folder, file } = testMasterKeyFile();

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
  rmSync(folder, { recursive: true, force: true });
});

let names = 0;
async function newTenant(): Promise<Id<'tenant'>> {
  const reply = await harness.call('CreateTenant', { name: `tenant-${++names}` }, { tenant: PLATFORM });
  return id('tenant').parse(resultOf(reply).tenantId);
}
const ann = { subject: 'ann', role: 'admin', displayName: 'Ann Arbor', email: 'ann@acme.example' } as const;

describe('members', () => {
  it('are added once, also of many at once, and told the same under the same key', async () => {
    const tenant = await newTenant();
    const replies = await Promise.all(Array.from({ length: 10 }, () => harness.call('AddMember', ann, { tenant })));
    expect(replies.map(codeOf).sort()).toEqual([...Array.from({ length: 9 }, () => 'ILLEGAL_STATE'), 'OK']);
    const asked = { tenant, key: 'add-bob' };
    const bob = { ...ann, subject: 'bob' };
    const first = await harness.call('AddMember', bob, asked);
    expect(await harness.call('AddMember', bob, asked)).toEqual(first);
    for (const other of [
      { ...bob, email: 'bob@acme.example' },
      { ...bob, displayName: null },
      { ...bob, role: 'viewer' },
    ]) {
      expect(codeOf(await harness.call('AddMember', other, asked))).toBe('IDEMPOTENCY_KEY_REUSED');
    }
  });

  it.each([
    [{ ...ann, subject: 'ann@acme.example' }, 'subject'],
    [{ ...ann, subject: 'Ann Arbor' }, 'subject'],
    [{ ...ann, email: 'nobody' }, 'email'],
    [{ ...ann, displayName: ' ' }, 'displayName'],
    [{ ...ann, displayName: 'x'.repeat(201) }, 'displayName'],
    [{ ...ann, role: 'operator' }, 'role'],
  ])('are refused as %j', async (input, field) => {
    const reply = await harness.call('AddMember', input, { tenant: await newTenant() });
    expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field } });
    // The answer may go to a log: it doesn't repeat what it refuses.
    expect(JSON.stringify(reply)).not.toContain('acme.example');
  });
});

describe('erasing the personal data of a member', () => {
  it('is one fact, however often it is asked for at once, and in one tenant alone', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    for (const one of [tenant, other]) resultOf(await harness.call('AddMember', ann, { tenant: one }));
    const erase = () => harness.call('ErasePersonalData', { subject: 'ann' }, { tenant });
    const replies = await Promise.all(Array.from({ length: 10 }, erase));
    expect(new Set(replies.map((reply) => resultOf(reply).memberId)).size).toBe(1);
    const events = await harness.store.readStream(`tenant:${tenant}`);
    expect(events.map(({ type }) => type)).toEqual(['TenantCreated', 'MemberAdded', 'PersonalDataErased']);
    expect(events[1]?.data).toMatchObject({ subject: 'ann', displayName: null, email: null });
    harness.store.personal?.forgetAll();
    expect((await harness.store.readStream(`tenant:${other}`))[1]?.data).toMatchObject(ann);
    // A person who comes back is a member still, without what was erased.
    expect(codeOf(await harness.call('AddMember', ann, { tenant }))).toBe('ILLEGAL_STATE');
  });

  it('answers a stranger and a tenant that is none alike', async () => {
    const tenant = await newTenant();
    expect(await harness.call('ErasePersonalData', { subject: 'nobody' }, { tenant })).toMatchObject({
      error: { code: 'NOT_FOUND', field: 'subject' },
    });
    const missing = id('tenant').parse('ten_01h455vb4pex5vsknk084sn02q');
    expect(codeOf(await harness.call('ErasePersonalData', { subject: 'ann' }, { tenant: missing }))).toBe('NOT_FOUND');
  });
});

describe('the process', () => {
  /** As the supervisor would start it; resolves to its exit code and what it said. */
  async function start(dataKeys: string | undefined) {
    const child = spawn(process.execPath, [main], {
      env: {
        ...process.env,
        ...{ ATOLL_DATABASE_URL: harness.database.url, ATOLL_NATS_URL: harness.nats.url, ATOLL_HEALTH_PORT: '0' },
        ATOLL_DATA_KEY_FILE: dataKeys,
        ATOLL_LOG_LEVEL: 'fatal',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    const timer = setTimeout(() => child.kill('SIGKILL'), 90_000);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    return { code, said };
  }

  it('does not start without its master keys, and says what to do', async () => {
    const tenant = await newTenant();
    resultOf(await harness.call('AddMember', { ...ann, subject: 'start' }, { tenant }));
    const open = testMasterKeyFile();
    chmodSync(open.file, 0o644);
    const starts = await Promise.all([
      start(undefined),
      start(join(folder, 'none.json')),
      start(open.file),
      start(file),
    ]);
    rmSync(open.folder, { recursive: true, force: true });
    const [unset, missing, readable, another] = starts;
    expect(unset).toMatchObject({ code: 78, said: expect.stringContaining('ATOLL_DATA_KEY_FILE: must be set') });
    expect(missing).toMatchObject({ code: 1, said: expect.stringContaining('restore it from its backup') });
    expect(readable).toMatchObject({ code: 1, said: expect.stringContaining('chmod 600') });
    expect(another).toMatchObject({
      code: 1,
      said: expect.stringContaining("The personal data of tenancy can't be opened"),
    });
  }, 120_000);
});
