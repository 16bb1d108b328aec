/** No secret is found in logs, traces, events, database or streams, after everything was used and misused that has one. */
import { appendFileSync } from 'node:fs';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, type OwnTenant, unique } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import { streamsWith } from '../platform/traces-of.ts';
import { until } from '../platform/waiting.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';
import { makers } from '../secrets/makers.ts';
import { openFiles, secretFiles, secretsOfHome } from '../secrets/of-home.ts';
import { leaks } from '../secrets/search.ts';
import type { Secret } from '../secrets/secret.ts';

let platform: Platform;
let own: OwnTenant;
const made: Secret[] = [];

beforeAll(async () => {
  platform = await Platform.start({
    args: ['--traces'],
    env: { ATOLL_RUNTIME: 'simulated', ATOLL_LOG_LEVEL: 'debug' },
  });
  own = await newTenant(platform.ready);
  // So that every process has had something to do.
  const namespace = await newNamespace(own.admin, 'secrets');
  const image = await push(platform.ready, 'v1');
  const { deployment } = await own.admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: 'web',
    image,
  });
  await steady(own.admin, deployment.id);
}, 200_000);
afterAll(async () => {
  await platform?.discard().catch(() => {});
});

test.each(makers.map((maker) => [maker.what, maker] as const))('%s can be used and misused', async (_what, maker) => {
  const secrets = await maker.make({ platform, own });
  expect(secrets.length).toBeGreaterThan(0);
  made.push(...secrets);
});

test('each file that is made to hold secrets is for its owner alone', () => {
  expect(openFiles(platform.home)).toEqual([]);
});

test('no secret is anywhere else', async () => {
  const secrets = [...made, ...secretsOfHome(platform.home, platform.ready)];
  expect(secrets.length).toBeGreaterThan(15);
  expect(await leaks(platform, secrets)).toEqual([]);
});

test('and the search finds what is somewhere, whatever writes it there', async () => {
  const planted = ['log', 'table', 'stream', 'base64', 'piece', 'dead row'].map((name) => ({
    name,
    value: `${unique('planted')}${unique('')}${unique('')}`,
  }));
  const value = (name: string) => planted.find((one) => one.name === name)?.value ?? '';
  const { ready, home } = platform;
  appendFileSync(
    `${home}/logs/gateway.log`,
    `{"msg":"${value('log')} ${Buffer.from(`x${value('base64')}`).toString('base64')}"}\n`,
  );
  appendFileSync(`${home}/logs/tenancy.log`, `${value('piece').slice(0, -2)}…\n`);
  const client = new Client({ connectionString: ready.databaseUrl });
  await client.connect();
  try {
    await client.query('create schema planted; create table planted.row (of jsonb)');
    await client.query('insert into planted.row values (jsonb_build_object($1::text, 1))', [value('table')]);
    await client.query('insert into planted.row values (to_jsonb($1::text))', [value('dead row')]);
    await client.query('delete from planted.row where of = to_jsonb($1::text)', [value('dead row')]);
  } finally {
    await client.end();
  }
  const found = await leaks(platform, planted);
  for (const expected of [
    'base64: file logs/gateway.log',
    'log: file logs/gateway.log',
    'piece: file logs/tenancy.log',
    'table: table planted.row',
  ]) {
    expect(found).toContain(expected);
  }
  expect(found.some((line) => line.startsWith('dead row: file postgres/'))).toBe(true);
  // A message that is no event: the relay soon makes the stream anew.
  const url = new URL(ready.natsUrl);
  const nc = await connect({ servers: url.host, user: url.username, pass: url.password });
  await until('it is found in a stream', 60_000, async () => {
    await jetstream(nc)
      .publish('evt.tenancy.planted', value('stream'))
      .catch(() => {});
    // In the middle of being made anew there is none for a moment: another look.
    const found = await streamsWith(ready, [value('stream')]).catch(() => null);
    return found?.includes('stream of tenancy') ?? false;
  });
  await nc.close();
  // Of what a file may hold the same is found elsewhere.
  const admin = { name: 'admin', value: value('log'), keptIn: ['logs/gateway.log'] };
  expect((await leaks(platform, [admin])).filter((line) => line.includes('gateway'))).toEqual([]);
  expect(Object.keys(secretFiles).length).toBeGreaterThan(3);
});
