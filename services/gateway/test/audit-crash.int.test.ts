/** A gateway that is killed between a request and its outcome: the record is there, once, and says what can be known. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@atoll/infra/process/ports';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reconcile } from '../src/audit/reconcile.ts';
import { log } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

let platform: Platform;
let acme: TestTenant;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  await platform.stopGateway();
  folder = mkdtempSync(join(tmpdir(), 'atoll-audit-'));
  writeFileSync(join(folder, 'issuer.json'), JSON.stringify(platform.key), { mode: 0o600 });
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  writeFileSync(join(folder, 'log.json'), JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** A real process, that kills itself at a point. */
async function gatewayThatDies(failpoint: string) {
  const [port, healthPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, ['--conditions=atoll-faults', main], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ATOLL_DATABASE_URL: platform.database.ownerUrl,
      ATOLL_READER_DATABASE_URL: platform.database.readerUrl,
      ATOLL_NATS_URL: platform.natsUrl,
      ATOLL_PUBLIC_URL: 'http://gateway.test',
      ATOLL_ISSUER_KEY_FILE: join(folder, 'issuer.json'),
      ATOLL_LOG_KEY_FILE: join(folder, 'log.json'),
      ATOLL_PORT: String(port),
      ATOLL_HEALTH_PORT: String(healthPort),
      ATOLL_FAILPOINTS: `${failpoint}=kill`,
      ATOLL_LOG_LEVEL: 'fatal',
    },
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const isReady = async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true;
  // A process has to start, on a machine that may be busy.
  await eventually('the gateway is ready', isReady, 60_000);
  return { url, ended };
}

const records = async () =>
  (
    await platform.database.owner.query(
      `select type, data ->> 'outcome' as outcome, data ->> 'reconciled' as reconciled from read.tenant_log
       where tenant_id = $1 and type like 'audit.Mutation%' order by cursor`,
      [acme.id],
    )
  ).rows;

it('kill -9 before the command, after it, and before the answer: one record each, and one change where one was made', {
  timeout: 200_000,
}, async () => {
  const service = serveJson(platform.nc, { subject: 'cmd.tenancy.CreateEnvironment', log }, async (body) => {
    const { correlation, data } = body as { correlation: string; data: { name: string; kind: string } };
    const environmentId = newId('environment');
    const stream = `environment:${environmentId}`;
    const event = { type: 'EnvironmentCreated', data: { environmentId, ...data } };
    const position = await platform.appendFor(correlation, acme.id, 'tenancy', stream, event);
    return { ok: true, result: { environmentId }, position, version: 1 };
  });
  await platform.nc.flush();

  for (const point of ['gateway.before-command', 'gateway.after-command', 'gateway.before-answer']) {
    const { url, ended } = await gatewayThatDies(point);
    const name = point.replace('gateway.', '');
    const query = `mutation { createEnvironment(input: {name: "${name}", kind: TEST}) { position } }`;
    await expect(
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${acme.admin}` },
        body: JSON.stringify({ query }),
      }),
    ).rejects.toThrow();
    expect(await ended).toBe('SIGKILL');
  }
  await service.stop();

  await platform.restartGateway();
  await platform.settled();
  const told = async (count: number) =>
    eventually(`${count} are told`, async () => (await records()).length >= count && (await records()));
  // The one whose outcome was recorded before the kill needs nobody.
  expect(await told(1)).toEqual([{ type: 'audit.MutationAccepted', outcome: 'ACCEPTED', reconciled: null }]);
  expect(await reconcile(platform.database.owner, 0)).toBe(2);
  expect(await reconcile(platform.database.owner, 0)).toBe(0);
  expect((await told(3)).slice(1)).toEqual([
    { type: 'audit.MutationOutcomeUnknown', outcome: 'UNKNOWN', reconciled: 'true' },
    { type: 'audit.MutationAccepted', outcome: 'ACCEPTED', reconciled: 'true' },
  ]);
  const { rows } = await platform.database.owner.query('select name from read.environment order by name');
  expect(rows.map(({ name }) => name)).toEqual(['after-command', 'before-answer']);
  const { rows: open } = await platform.database.owner.query('select from read.audit_entry');
  expect(open).toEqual([]);
});
