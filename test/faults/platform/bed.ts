/** The whole platform under fault: as `npm start` has it, with the simulated runtime and failpoints that can be armed. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import type { Event } from '@atoll/sdk/generated/resources';
import { createLogger } from '@atoll/service/log';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { newTenant, type OwnTenant, tokenOf } from '../../platform/clients.ts';
import { Platform } from '../../platform/platform.ts';
import { newNamespace, push } from '../../platform/workloads.ts';
import { armProcess } from '../process/arm.ts';

export interface PlatformBed {
  readonly platform: Platform;
  readonly tenant: OwnTenant;
  readonly token: string;
  /** Where deployments go, and what they run. */
  readonly namespaceId: string;
  readonly image: string;
  /** What the subscription has told so far. */
  readonly told: readonly Event[];
  readonly pool: Pool;
  readonly nc: NatsConnection;
  arm(process: string, spec: string): Promise<void>;
  close(): Promise<void>;
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export async function openPlatformBed(): Promise<PlatformBed> {
  const log = createLogger('faults');
  log.level = process.env.ATOLL_LOG_LEVEL ?? 'fatal';
  const folder = temporaryFolder('platform');
  const armFolder = join(folder, 'failpoints');
  mkdirSync(armFolder);
  const platform = await Platform.start({
    env: {
      ATOLL_RUNTIME: 'simulated',
      NODE_OPTIONS: '--conditions=atoll-faults',
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      ATOLL_FAILPOINTS: `dir:${armFolder}`,
    },
  });
  const { ready } = platform;
  const tenant = await newTenant(ready);
  const image = await push(ready, 'v1');
  const namespace = await newNamespace(tenant.admin, 'faults');
  const told: Event[] = [];
  const ended = new AbortController();
  const following = (async () => {
    for await (const event of tenant.admin.events({ after: '0', signal: ended.signal })) told.push(event);
  })();
  const pool = createPool({ url: ready.databaseUrl, name: 'oracle', max: 2, log });
  const nc = await connectNats({ url: ready.natsUrl, name: 'oracle', log });
  return {
    platform,
    tenant,
    token: await tokenOf(ready, tenant.credentials),
    namespaceId: namespace.id,
    image,
    told,
    pool,
    nc,
    arm(name, spec) {
      const pid = platform.pidOf(name);
      return armProcess({ pid, folder: armFolder, spec, isAlive: () => isAlive(pid) });
    },
    async close() {
      ended.abort();
      await following.catch(() => {});
      await nc.close();
      await pool.end();
      await platform.discard();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
