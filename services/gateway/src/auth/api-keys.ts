/** API keys: what they are said to be is checked offline, then against the hash that is kept. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { parseSecret, secretPrefixes } from '@atoll/schema/credentials';
import type { Id } from '@atoll/schema/ids';
import { type Permission, permissions } from '@atoll/schema/permissions';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import type { TenantIdentity } from './identity.ts';
import { type Remembered, remembered } from './remembered.ts';
import { refused } from './tokens.ts';

export const isApiKey = (bearer: string): boolean => bearer.startsWith(secretPrefixes.apiKey);

interface Key {
  readonly tenant: Id<'tenant'>;
  readonly subject: string;
  readonly scopes: ReadonlySet<Permission> | null;
  readonly hash: Buffer;
  readonly expiresAt: number;
}

/**
 * A key ends with the membership under which it was made: who is removed and comes back makes new ones. Ids tell which of
 * the two came first.
 */
const keySql = {
  name: 'api_key',
  text: `select k.tenant_id, k.subject, k.scopes, k.expires_at, s.hash
    from read.api_key k join read.api_key_secret s on s.id = k.id and s.tenant_id = k.tenant_id
    where k.id = $1 and k.revoked_at is null and not exists(
      select from read.member m where m.tenant_id = k.tenant_id and m.subject = k.subject
        and split_part(m.id, '_', 2) collate "C" > split_part(k.id, '_', 2) collate "C")`,
};

interface Row {
  readonly tenant_id: Id<'tenant'>;
  readonly subject: string;
  readonly scopes: readonly string[] | null;
  readonly expires_at: string | null;
  readonly hash: string;
}

export interface ApiKeys extends Pick<Remembered<unknown>, 'forget' | 'forgetAll'> {
  verify(key: string): Promise<TenantIdentity>;
}

export function createApiKeys(pool: Pool, now: () => number = Date.now): ApiKeys {
  const keys = remembered<Key>({
    async read(id) {
      const { rows } = await pool.query<Row>({ ...keySql, values: [id] });
      const [row] = rows;
      if (!row) return null;
      return {
        tenant: row.tenant_id,
        subject: row.subject,
        // What the registry doesn't have any more opens nothing.
        scopes: row.scopes && new Set(permissions.filter((permission) => row.scopes?.includes(permission))),
        hash: Buffer.from(row.hash, 'hex'),
        expiresAt: row.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(row.expires_at),
      };
    },
    tenantsOf: ({ tenant }) => [tenant],
  });

  return {
    async verify(text) {
      const parsed = parseSecret('apiKey', text);
      if (!parsed.ok) {
        throw refused(
          parsed.why === 'checksum'
            ? 'The API key is mistyped or made up: its checksum is wrong.'
            : 'The API key is not whole: it begins with atk_ and has 79 characters.',
        );
      }
      const key = await keys.get(parsed.id);
      const given = createHash('sha256').update(parsed.secret).digest();
      // The same for one that never was, a wrong secret and a revoked one.
      if (!key || key.hash.length !== given.length || !timingSafeEqual(key.hash, given)) {
        throw refused('There is no such API key, or it was revoked.');
      }
      if (key.expiresAt <= now()) {
        throw new ApiError('TOKEN_EXPIRED', 'The API key has expired: create a new one.');
      }
      const { tenant, subject, scopes, expiresAt } = key;
      const credential = { kind: 'apiKey', apiKeyId: parsed.id } as const;
      return { kind: 'tenant', tenant, subject, scopes, groupRole: null, isAmbiguous: false, expiresAt, credential };
    },
    forget: keys.forget,
    forgetAll: keys.forgetAll,
  };
}
