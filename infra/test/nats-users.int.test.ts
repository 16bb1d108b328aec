import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { connectNats, type NatsConnection, requestJson, serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../local/home.ts';
import { ownNats } from '../local/nats.ts';
import { openSecrets } from '../local/secrets.ts';
import { createSupervisor, type Supervisor } from '../local/supervisor.ts';
import { freePort } from '../process/ports.ts';

const log = createLogger('test', { write: () => {} });
const [one, two] = [newId('node'), newId('node')];
let folder: string;
let runDir: string;
let supervisor: Supervisor;
let as: (user: string, inboxPrefix?: string) => Promise<NatsConnection>;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nats-users-'));
  const home = openHome(folder);
  runDir = home.runDir;
  const nats = ownNats(home, await freePort(), [one, two], openSecrets(home.secrets));
  supervisor = createSupervisor({
    specs: nats.spec ? [nats.spec] : [],
    logs: home.logs,
    onChange: () => {},
    say: () => {},
  });
  await supervisor.start();
  as = async (user, inboxPrefix = `_INBOX_${user}`) => {
    const nc = await connectNats({ url: nats.userUrl(user), name: user, inboxPrefix, log });
    connections.push(nc);
    return nc;
  };
});
afterAll(async () => {
  await Promise.all(connections.map((nc) => nc.close()));
  await supervisor.stop();
  for (const path of [folder, runDir]) rmSync(path, { recursive: true, force: true });
});

/** Resolves to the server's refusal of a subscription, or null where it stands. */
async function subscribe(nc: NatsConnection, subject: string): Promise<string | null> {
  const refused = new Promise<string>((resolve) => {
    nc.subscribe(subject, {
      callback(error) {
        if (error) resolve(error.message);
      },
    });
  });
  // The refusal comes before the answer to this ping.
  const stands = nc.flush().then(() => new Promise<null>((resolve) => setImmediate(() => resolve(null))));
  return Promise.race([refused, stands]);
}

describe('what NATS lets a node do', () => {
  const agent = () => as(one, `_INBOX_node_${one}`);

  test('ask the services on its own subjects, and answer live questions', async () => {
    const [node, deploy, gateway] = await Promise.all([agent(), as('deploy'), as('gateway')]);
    const service = serveJson(
      deploy,
      { subject: 'node.*.workloads.pull', queue: 'q', log },
      async (_, subject) => subject,
    );
    const live = serveJson(node, { subject: `node.${one}.live.logs`, log }, async () => 'lines');
    await Promise.all([deploy.flush(), node.flush()]);
    expect(await requestJson(node, `node.${one}.workloads.pull`, {}, { timeoutMs: 10_000 })).toBe(
      `node.${one}.workloads.pull`,
    );
    expect(await requestJson(gateway, `node.${one}.live.logs`, {}, { timeoutMs: 10_000 })).toBe('lines');
    await Promise.all([service.stop(), live.stop()]);
  });

  test('not hear another node, nor the services, nor any event', async () => {
    const node = await agent();
    expect(await subscribe(node, `node.${one}.wake`)).toBeNull();
    for (const subject of [`node.${two}.>`, 'node.*.wake', '>', 'evt.>', 'cmd.>', `_INBOX_node_${two}.>`, '_INBOX.>']) {
      expect(await subscribe(node, subject), subject).toMatch(/permissions violation/i);
    }
  });

  test.each([`node.${two}.workloads.report`, 'cmd.tenancy.CreateTenant', '$JS.API.STREAM.INFO.EVENTS_DEPLOY'])(
    'not say anything on %s',
    async (subject) => {
      const [node, admin] = await Promise.all([agent(), as('admin')]);
      const heard: string[] = [];
      admin.subscribe(subject, {
        callback(_, message) {
          heard.push(message.subject);
        },
      });
      await admin.flush();
      await expect(requestJson(node, subject, {}, { timeoutMs: 300 })).rejects.toThrow();
      expect(heard).toEqual([]);
    },
  );
});

describe('what NATS lets a service do', () => {
  test('have the keys of personal data if it is the gateway, and give them if they are its own', async () => {
    const [tenancy, deploy, gateway] = await Promise.all([as('tenancy'), as('deploy'), as('gateway')]);
    const node = await as(one, `_INBOX_node_${one}`);
    const keys = serveJson(tenancy, { subject: 'key.tenancy.data', log }, async () => 'keys');
    await tenancy.flush();
    const ask = (nc: NatsConnection) => requestJson(nc, 'key.tenancy.data', {}, { timeoutMs: 10_000 });
    expect(await ask(gateway)).toBe('keys');
    for (const nc of [deploy, node]) await expect(ask(nc)).rejects.toThrow();
    for (const nc of [deploy, gateway, node]) {
      for (const subject of ['key.tenancy.data', 'key.>', '_INBOX_gateway.>']) {
        if (nc === gateway && subject.startsWith('_INBOX')) continue;
        expect(await subscribe(nc, subject), subject).toMatch(/permissions violation/i);
      }
    }
    await keys.stop();
  });

  test('not touch another context’s stream, nor publish its events', async () => {
    const [tenancy, deploy] = await Promise.all([as('tenancy'), as('deploy')]);
    const create = (nc: NatsConnection, name: string, subjects: string[]) =>
      requestJson(nc, `$JS.API.STREAM.CREATE.${name}`, { name, subjects, storage: 'file' }, { timeoutMs: 10_000 });
    expect(await create(deploy, 'EVENTS_DEPLOY', ['evt.deploy.>'])).toMatchObject({
      config: { name: 'EVENTS_DEPLOY' },
    });
    await expect(create(tenancy, 'EVENTS_NETWORK', ['evt.network.>'])).rejects.toThrow();
    await expect(requestJson(tenancy, '$JS.API.STREAM.DELETE.EVENTS_DEPLOY', {}, { timeoutMs: 300 })).rejects.toThrow();
    await expect(requestJson(tenancy, 'evt.deploy.x', {}, { timeoutMs: 300 })).rejects.toThrow();
    expect(await requestJson(tenancy, '$JS.API.STREAM.INFO.EVENTS_DEPLOY', {}, { timeoutMs: 10_000 })).toMatchObject({
      state: { messages: 0 },
    });
  });

  test.each(['admin', 'tenancy', 'gateway'])('%s never says what reaches beyond its account', async (user) => {
    const [nc, admin] = await Promise.all([as(user), as('admin')]);
    const heard: string[] = [];
    for (const subject of ['$JS.API.ACCOUNT.>', '$JS.API.SERVER.>']) {
      admin.subscribe(subject, {
        callback(_, message) {
          heard.push(message.subject);
        },
      });
    }
    await admin.flush();
    for (const subject of ['$JS.API.ACCOUNT.PURGE.x', '$JS.API.SERVER.REMOVE', '$JS.API.ACCOUNT.STREAM.MOVE.a.b']) {
      nc.publish(subject, '{}');
    }
    await nc.flush();
    await admin.flush();
    expect(heard).toEqual([]);
  });

  test('nobody comes in without a password', async () => {
    const nc = await as('admin');
    const port = nc.info?.port ?? 0;
    const stranger = connectNats({ url: `nats://127.0.0.1:${port}`, name: 'stranger', log });
    // It keeps trying: what counts is that it doesn't get in.
    const outcome = await Promise.race([
      stranger.then(() => 'in'),
      new Promise((resolve) => setTimeout(() => resolve('out'), 700)),
    ]);
    expect(outcome).toBe('out');
    stranger.then((late) => late.close()).catch(() => {});
  });
});
