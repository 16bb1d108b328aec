import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listParked } from '../src/parked.ts';
import { startRebuilds } from '../src/rebuild.ts';
import { testLog } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { effects, foldLedger, ledgerTable } from './ledger.ts';
import { eventually, openPipeline, type Pipeline, within } from './pipeline.ts';

const main = fileURLToPath(new URL('../src/command/main.ts', import.meta.url));

let pipeline: Pipeline;
let home: string;
let broken = true;
let stopRebuilds: () => Promise<void>;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const { ATOLL_DATABASE_URL: _unset, ...rest } = process.env;
    execFile(process.execPath, [main, ...args], { env: { ...rest, ...env }, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
const atHome = (...args: string[]) => run(['--home', home, ...args]);

beforeAll(async () => {
  pipeline = await openPipeline();
  await pipeline.pool.query(ledgerTable);
  home = mkdtempSync(join(tmpdir(), 'atoll-home-'));
  writeFileSync(join(home, 'ready.json'), JSON.stringify({ databaseUrl: pipeline.stores.url }));
  await pipeline.store.append(opening({ stream: 'account:bad' }));
  const bad = (amount: number) => ({
    ...opening({ stream: 'account:bad', expected: { kind: 'any' } as const }),
    events: [{ type: 'Moved', data: { amount, note: 'a private note' } }],
  });
  for (const amount of [666, 5, 6]) await pipeline.store.append(bad(amount));
  const last = await pipeline.append(10);
  const source = { kind: 'store', store: pipeline.store } as const;
  const consumer = await pipeline.consume({
    name: 'own',
    source,
    handler: {
      kind: 'project',
      async apply(tx, events) {
        if (broken && events.some(({ data }) => (data as { amount?: number }).amount === 666))
          throw new Error('poison');
        await foldLedger(tx, events);
      },
    },
  });
  expect(await consumer.waitFor(last, within(15_000))).toBe(true);
  await eventually('the event waits for a person', async () => {
    const [first] = await listParked({ pool: pipeline.pool, schema: 'deploy' }, { limit: 1 });
    return first?.retryAt === null;
  });
  const rebuilds = await startRebuilds({
    pool: pipeline.pool,
    schema: 'deploy',
    log: testLog,
    projections: [
      { name: 'ledger', revision: 1, tables: ['ledger'], sources: [{ consumer: 'own', source }], effect: effects.fold },
    ],
  });
  stopRebuilds = rebuilds.stop;
});
afterAll(async () => {
  await stopRebuilds();
  await pipeline.close();
  rmSync(home, { recursive: true });
});

describe('npm run events', () => {
  test('tells where consumers are, as a table and as JSON', async () => {
    const { out, code } = await atHome('consumers');
    expect(code).toBe(0);
    expect(out).toMatch(/CONSUMER +OF +POSITION +LAG +PARKED +MOVED/);
    expect(out).toMatch(/deploy\/own +deploy +14 +0 +3 +\d+ s ago/);
    const json = await run(['--database-url', pipeline.stores.url, 'consumers', '--json']);
    expect(JSON.parse(json.out)).toMatchObject([
      { schema: 'deploy', consumer: 'own', position: 14, lag: 0, parked: 3 },
    ]);
  });

  test('lists what is parked, and shows what is in the events only where it is asked for', async () => {
    const { out } = await atHome('parked', 'list');
    expect(out).toMatch(/deploy\/own +2 +account:bad +Moved +failed 5x +\d+ s +Error: poison/);
    expect(out).toMatch(/deploy\/own +3 +account:bad +Moved +behind/);
    const one = await atHome('parked', 'list', '--consumer', 'deploy/own', '--position', '3', '--json');
    expect(JSON.parse(one.out)).toMatchObject([{ position: 3, stream: 'account:bad', event: { type: 'Moved' } }]);
    expect(one.out).not.toContain('private');
    expect((await atHome('parked', 'list', '--json', '--data', '--stream', 'account:bad')).out).toContain('private');
    expect((await atHome('parked', 'list', '--stream', 'account:other')).out).toBe('Nothing is parked.\n');
  });

  test('retries, and says what came of it; skips one, and the rest of its stream follows', async () => {
    const again = await atHome('parked', 'retry', '--consumer', 'own');
    expect(again).toMatchObject({
      code: 1,
      err: expect.stringContaining('It failed again at position 2, and 3 stay parked'),
    });
    expect(await atHome('parked', 'skip', '--consumer', 'own', '--position', '9')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing is parked at position 9 by deploy/own'),
    });
    const skipped = await atHome('parked', 'skip', '--consumer', 'own', '--position', '2');
    expect(skipped.out).toMatch(/^Skipped Moved \(evt_\w+\) of account:bad for deploy\/own\.\nDone: nothing/);
    const { rows } = await pipeline.pool.query(`select balance from deploy.ledger where account = 'account:bad'`);
    expect(rows).toEqual([{ balance: 11 }]);
    expect(await atHome('parked', 'retry', '--consumer', 'own', '--stream', 'account:bad')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing is parked of the stream account:bad by deploy/own'),
    });
    broken = false;
  });

  test('rebuilds, following it to the end; what was skipped counts again', async () => {
    expect((await atHome('rebuild', 'status')).out).toMatch(/deploy\/ledger +never/);
    const { out, code } = await atHome('rebuild', 'start', 'ledger');
    expect(code).toBe(0);
    expect(out).toContain('Asked for rebuild 1 of deploy/ledger.');
    expect(out).toMatch(/deploy\/ledger is rebuilt: 14 of 14 \(100 %\)/);
    const { rows } = await pipeline.pool.query(`select balance from deploy.ledger where account = 'account:bad'`);
    expect(rows).toEqual([{ balance: 677 }]);
    expect(await atHome('rebuild', 'cancel', 'deploy/ledger')).toMatchObject({
      code: 1,
      err: expect.stringContaining('deploy/ledger is not being rebuilt: there is nothing to cancel.'),
    });
    expect(JSON.parse((await atHome('rebuild', 'status', '--json')).out)).toMatchObject([
      { schema: 'deploy', name: 'ledger', rebuild: { phase: 'done', position: 14, total: 14 } },
    ]);
  });

  test.each([
    [['parked', 'retry', '--consumer', 'ghost'], 1, 'There is no consumer ghost. There are: deploy/own.'],
    [['rebuild', 'start', 'ghost'], 1, 'There is no projection ghost that can be rebuilt. There are: deploy/ledger.'],
    [['parked', 'skip', '--consumer', 'own', '--position', '1.5'], 64, 'It must be a whole number from 1 on.'],
    [['parked', 'skip', '--consumer', 'own'], 64, "required option '--position <n>' not specified"],
    [['nonsense'], 64, "unknown command 'nonsense'"],
  ])('refuses %j with a reason', async (args, code, text) => {
    expect(await atHome(...args)).toMatchObject({ code, err: expect.stringContaining(text) });
  });

  test('tells who is erased, and destroys these keys again in a restored database, also with what npm says before it', async () => {
    const { pool } = pipeline;
    const wrapped = (subject: string) => [`key_${subject}`, subject, '1.k1.AAAA'];
    const insert = `insert into deploy.subject_key (id, tenant, subject, wrapped) values ($1, 'platform', $2, $3)`;
    for (const subject of ['ann', 'ben']) await pool.query(insert, wrapped(subject));
    await pool.query(`update deploy.subject_key set wrapped = null, destroyed_at = now() where subject = 'ann'`);
    const told = await atHome('keys', 'erased');
    expect(JSON.parse(told.out)).toMatchObject({ schema: 'deploy', tenant: 'platform', subject: 'ann' });
    // As a backup from before would bring it back.
    await pool.query(`update deploy.subject_key set wrapped = '1.k1.AAAA', destroyed_at = null`);
    const file = join(home, 'erased.jsonl');
    writeFileSync(file, `\n> atoll@0.1.0 events\n> node infra/setup/run.js events keys erased\n\n${told.out}`);
    expect(await atHome('keys', 'bury', file)).toMatchObject({ code: 0, out: expect.stringContaining('1 of them') });
    const { rows } = await pool.query('select subject from deploy.subject_key where wrapped is null');
    expect(rows).toEqual([{ subject: 'ann' }]);
    writeFileSync(file, `${told.out}no JSON\n`);
    const refused = await atHome('keys', 'bury', file);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Line 2') });
  });

  test('says what to do where nothing runs, or is not what it should be', async () => {
    expect(await run(['--home', join(home, 'none'), 'consumers'])).toMatchObject({
      code: 69,
      err: expect.stringMatching(/The platform doesn't run on .*none: .*npm start/),
    });
    expect(await run(['--database-url', 'postgresql://x:y@127.0.0.1:1/x', 'consumers'])).toMatchObject({
      code: 69,
      err: expect.stringContaining("The database can't be reached"),
    });
    // A password of the environment isn't told by the help.
    const help = await run(['--help'], { ATOLL_DATABASE_URL: 'postgresql://x:secret@127.0.0.1/x' });
    expect(help).toMatchObject({ code: 0 });
    expect(help.out).not.toContain('secret');
    expect((await run(['parked', '--help'])).out).toContain('each stream keeps its');
  });
});
