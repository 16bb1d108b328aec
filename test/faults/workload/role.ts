/** What every process under fault is given, and what it does alike. */

import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import type { ProcessContext } from '@atoll/service/process';
import type { Pool } from 'pg';
import { z } from 'zod';

export const roles = ['writer', 'relay', 'reactor', 'projector', 'subscriber'] as const;
export type Role = (typeof roles)[number];

/** Contexts that the bed uses; their names are those of the platform's, because streams and subjects are named by them. */
export const ACCOUNTS = 'deploy';
export const LEDGER = 'network';
/** PostgreSQL schema of the projector. */
export const READ = 'read';

export const roleConfig = {
  ATOLL_NATS_URL: z.string(),
  ATOLL_DATABASE_URL: z.string(),
  /** Where the subscriber writes what it saw. */
  ATOLL_FAULTS_LOG: z.string(),
  /** What PostgreSQL knows it by: tells who holds a lock. */
  ATOLL_FAULTS_NAME: z.string(),
};
type RoleConfig = { readonly [N in keyof typeof roleConfig]: string };

export interface RoleContext extends ProcessContext {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly logFile: string;
}

export async function openRole(context: ProcessContext, config: RoleConfig): Promise<RoleContext> {
  const { log, onStop } = context;
  const name = config.ATOLL_FAULTS_NAME;
  const pool = createPool({ url: config.ATOLL_DATABASE_URL, name, max: 6, log });
  onStop('pool', () => pool.end());
  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name, log });
  onStop('nats', () => nc.close());
  return { ...context, pool, nc, logFile: config.ATOLL_FAULTS_LOG };
}
