/** Which tenants accept an issuer, and how: rows of `read.issuer`. */
import type { Id } from '@atoll/schema/ids';
import { type BuiltInRole, tenantRoleNames } from '@atoll/schema/permissions';
import { issuerClaims } from '@atoll/schema/tenancy/identity';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type Remembered, remembered } from './remembered.ts';

/** Tenants that are tried for one token where the client doesn't say which. */
export const maxCandidates = 100;

export interface Registration {
  readonly id: Id<'issuer'>;
  readonly tenant: Id<'tenant'>;
  readonly url: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly tokenTypes: string;
  readonly claims: z.infer<typeof issuerClaims>;
  readonly groupRoles: readonly { readonly group: string; readonly role: BuiltInRole }[];
}

const lists = z.object({
  algorithms: z.array(z.string()),
  claims: issuerClaims,
  group_roles: z.array(z.object({ group: z.string(), role: z.string().toLowerCase().pipe(z.enum(tenantRoleNames)) })),
});

interface Row {
  readonly id: Id<'issuer'>;
  readonly tenant_id: Id<'tenant'>;
  readonly url: string;
  readonly audience: string;
  readonly token_types: string;
}

const registrationsSql = {
  name: 'registrations',
  text: `select id, tenant_id, url, audience, algorithms, token_types, claims, group_roles from read.issuer
    where url = $1::text and audience = any($2::text[]) and ($3::text is null or tenant_id = $3::text)
    order by id limit ${maxCandidates + 1}`,
};

export interface Registrations extends Pick<Remembered<unknown>, 'forget' | 'forgetAll'> {
  /** `tenant` is the one that the client names; null where it names none. */
  of(url: string, audiences: readonly string[], tenant: string | null): Promise<readonly Registration[]>;
}

/** `pool` is the owner's: it asks over all tenants. */
export function createRegistrations(pool: Pool): Registrations {
  const rows = remembered<readonly Registration[]>({
    async read(key) {
      const [url, audiences, tenant] = JSON.parse(key);
      const found = await pool.query<Row>({ ...registrationsSql, values: [url, audiences, tenant] });
      if (found.rows.length === 0) return null;
      return found.rows.map((row) => {
        const { algorithms, claims, group_roles: groupRoles } = lists.parse(row);
        const { id, tenant_id: tenant, url, audience, token_types: tokenTypes } = row;
        return { id, tenant, url, audience, tokenTypes, algorithms, claims, groupRoles };
      });
    },
    tenantsOf: (found) => found.map(({ tenant }) => tenant),
  });
  return {
    of: async (url, audiences, tenant) => (await rows.get(JSON.stringify([url, [...audiences].sort(), tenant]))) ?? [],
    // Another tenant may have begun to accept an issuer that is remembered without it; it is a rare thing.
    forget: rows.forgetAll,
    forgetAll: rows.forgetAll,
  };
}
