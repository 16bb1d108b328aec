/** Whose invitation it is: asked over all tenants, for whoever has its token. */
import type { Tenant } from '@atoll/schema/ids';
import type { Pool } from 'pg';

const tenantSql = { name: 'tenant_of_invitation', text: 'select tenant_id from read.invitation where id = $1' };

/** `pool` is the owner's. Null where there is none. */
export async function tenantOfInvitation(pool: Pool, id: string): Promise<Tenant | null> {
  const { rows } = await pool.query<{ tenant_id: Tenant }>({ ...tenantSql, values: [id] });
  return rows[0]?.tenant_id ?? null;
}
