/** Service accounts as they are now: whether they may act, and which of their secrets are good. */
import { createHash } from 'node:crypto';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Remembered, remembered } from './remembered.ts';

const secrets = z.array(z.object({ hash: z.string(), expiresAt: z.string().nullable() }));

export interface ServiceAccount {
  readonly tenant: Id<'tenant'>;
  readonly active: boolean;
  /** SHA-256 in hex, of those that are good at a moment. */
  hashes(now: number): readonly string[];
}

const accountSql = {
  name: 'service_account',
  text: `select a.tenant_id, a.status, s.secrets from read.service_account a
    join read.service_account_secret s on s.id = a.id and s.tenant_id = a.tenant_id where a.id = $1`,
};

/** Stands in the tokens that a secret has got: with the secret they end, too. Tells nothing of the secret. */
export const markOf = (hash: string): string => createHash('sha256').update(`mark ${hash}`).digest('hex').slice(0, 16);

export interface ServiceAccounts extends Pick<Remembered<unknown>, 'forget' | 'forgetAll'> {
  get(id: string): Promise<ServiceAccount | null>;
}

export function createServiceAccounts(pool: Pool): ServiceAccounts {
  const accounts = remembered<ServiceAccount>({
    async read(id) {
      const { rows } = await pool.query<{ tenant_id: Id<'tenant'>; status: string; secrets: unknown }>({
        ...accountSql,
        values: [id],
      });
      const [row] = rows;
      if (!row) return null;
      const known = secrets.parse(row.secrets);
      return {
        tenant: row.tenant_id,
        active: row.status === 'ACTIVE',
        hashes: (now) =>
          known.flatMap(({ hash, expiresAt }) => (expiresAt === null || Date.parse(expiresAt) > now ? [hash] : [])),
      };
    },
    tenantsOf: ({ tenant }) => [tenant],
  });
  return { get: accounts.get, forget: accounts.forget, forgetAll: accounts.forgetAll };
}
