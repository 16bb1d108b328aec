/**
 * Reservations of quota: three measures at three levels, asked of the tenancy service over NATS, 64 at a time, each for
 * another deployment. On one hot tenant, and over a thousand. Beside the engine's bare append with one claim.
 */
import { rmSync } from 'node:fs';
import { testMasterKeyFile } from '@atoll/events/testing/master-keys';
import { startTestTenancy } from '@atoll/infra/testing/tenancy';
import { type Id, id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { closedLoop, type LoopOutcome } from '../events/closed-loop.ts';
import { startContestant } from '../events/contestant.ts';
import { inTurns } from '../events/in-turns.ts';
import { startServers } from '../events/servers.ts';
import { aimed, type Row, rounds } from '../results.ts';
import type { QuotaFloor } from './quota-floor.ts';
import type { Suite } from './suite.ts';

const CONCURRENCY = 64;
const limits = { instances: 1_000_000, cpuMillis: 1_000_000_000, memoryMiB: 1_000_000_000, namespaces: 10 };

interface Place {
  readonly tenant: Id<'tenant'>;
  readonly namespaceId: Id<'namespace'>;
}

export const quotas: Suite = {
  name: 'quotas',
  bed: false,
  async run({ long }) {
    const log = createLogger('bench');
    const servers = await startServers();
    const keys = testMasterKeyFile();
    const databaseUrl = await servers.database();
    const tenancy = await startTestTenancy({ databaseUrl, natsUrl: servers.nats.url, dataKeyFile: keys.file });
    const floor = startContestant<QuotaFloor>(new URL('./quota-floor.ts', import.meta.url), {
      DATABASE_URL: await servers.database(),
    });
    const nc = await connectNats({ url: servers.nats.url, name: 'bench', log });
    const commands = createCommandClient(nc);

    async function call(command: keyof typeof tenancyCommands, tenant: Tenant, data: unknown): Promise<unknown> {
      const reply = await commands.call('tenancy', command, {
        ...{ key: newId('event'), tenant, actor: 'service:deploy', correlation: 'bench', traceparent: null },
        ...{ deadline: Date.now() + 30_000, seen: {}, expectedVersion: null, data },
      });
      if (!reply.ok) throw new Error(`${command}: ${reply.error.code}: ${reply.error.message}`);
      return reply.result;
    }
    async function place(name: string): Promise<Place> {
      const { CreateTenant, CreateEnvironment, CreateNamespace } = tenancyCommands;
      const created = CreateTenant.result.parse(await call('CreateTenant', PLATFORM, { name, limits }));
      const tenant = id('tenant').parse(created.tenantId);
      const environment = await call('CreateEnvironment', tenant, { name: 'e', kind: 'TEST' });
      const { environmentId } = CreateEnvironment.result.parse(environment);
      const namespace = await call('CreateNamespace', tenant, { environmentId, name: 'n' });
      return { tenant, namespaceId: CreateNamespace.result.parse(namespace).namespaceId };
    }
    const amounts = { cpuMillis: 100, memoryMiB: 64, instances: 1 };
    const reserve = (loop: { concurrency: number; seconds: number }, places: readonly Place[]): Promise<LoopOutcome> =>
      closedLoop(loop, async (n) => {
        const { tenant, namespaceId } = places[n % places.length] as Place;
        const holder = { holderId: newId('deployment'), name: 'web', owner: 'deploy', namespaceId };
        await call('ReserveQuota', tenant, { ...holder, amounts, ttlSeconds: 600 });
      });

    try {
      const many: Place[] = [];
      const count = long ? 1000 : 200;
      for (let n = 0; n < count; n += 50) {
        many.push(...(await Promise.all(Array.from({ length: 50 }, (_, k) => place(`tenant-${n + k}`)))));
      }
      const hot = many.slice(0, 1);
      const loop = { concurrency: CONCURRENCY, seconds: long ? 5 : 2 };
      await reserve({ ...loop, seconds: 1 }, many);
      await floor.ask('claims', { loop: { ...loop, seconds: 1 }, keys: 1 });
      const latencies: number[] = [];
      const [one = [], all = [], bare = []] = await inTurns(long ? 5 : 3, [
        () =>
          reserve(loop, hot).then(({ perSecond, p99 }) => {
            latencies.push(p99);
            return perSecond;
          }),
        () => reserve(loop, many).then(({ perSecond }) => perSecond),
        () => floor.ask('claims', { loop, keys: 1 }).then(({ perSecond }) => perSecond),
      ]);
      const rows: Row[] = [
        aimed(rounds('reservations on one hot tenant', one, 'reservations/s'), { atLeast: 2000 }),
        rounds('the same: p99', latencies, 'ms'),
        rounds('the same', one, 'reservations/s', { name: 'bare append with one claim', values: bare }),
        aimed(
          rounds(`reservations over ${count} tenants`, all, 'reservations/s', { name: 'one hot tenant', values: one }),
          {
            atLeast: 0.8,
          },
        ),
      ];
      return rows;
    } finally {
      await floor.stop();
      await nc.close();
      await tenancy.kill();
      await servers.stop();
      rmSync(keys.folder, { recursive: true, force: true });
    }
  },
};
