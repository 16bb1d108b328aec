/** What is held in a context's claims: read at one moment, by those who ask what is left of something. */
import type { Pool } from 'pg';
import { quoteSchema } from './database/sql.ts';
import type { HeldClaim } from './decider.ts';

/** Everything under a key of `keys` or one that begins with it and a slash, and everything that one of `owners` holds. */
export interface HeldScope {
  readonly keys: readonly string[];
  readonly owners: readonly string[];
  /** Only of these sets; default: of all. */
  readonly sets?: readonly string[];
  readonly notOf?: readonly string[];
}

/** In the order of sets, keys and owners; at most `limit`. Ranges have no keys of that kind, and aren't among them. */
export async function readHeldClaims(
  pool: Pool,
  schema: string,
  { keys, owners, sets, notOf = [] }: HeldScope,
  limit: number,
): Promise<readonly HeldClaim[]> {
  // A slash is before 0 in the collation C: the range of keys below one is found by index.
  const within = (kind: HeldClaim['kind']) => {
    const table = `${quoteSchema(schema)}.claim_${kind}`;
    return `
      select '${kind}' as kind, c.claim_set as set, c.key, c.owner from ${table} c
        where c.key collate "C" = any($1::text[])
      union select '${kind}', c.claim_set, c.key, c.owner
        from unnest($1::text[]) parent
        join ${table} c on c.key collate "C" > parent || '/' and c.key collate "C" < parent || '0'
      union select '${kind}', c.claim_set, c.key, c.owner from ${table} c where c.owner = any($2::text[])`;
  };
  const { rows } = await pool.query<HeldClaim>(
    `select * from (${within('unique')} union ${within('amount')}) held
     where ($3::text[] is null or set = any($3)) and not (set = any($4::text[]))
     order by set, key collate "C", owner limit $5`,
    [keys, owners, sets ?? null, notOf, limit],
  );
  return rows;
}

/** What is held in one set, in the order of keys, after one of them. */
export async function readClaimSet(
  pool: Pool,
  schema: string,
  set: string,
  after: string,
  limit: number,
): Promise<readonly { readonly key: string; readonly owner: string }[]> {
  const { rows } = await pool.query<{ key: string; owner: string }>(
    `select key, owner from ${quoteSchema(schema)}.claim_unique
     where claim_set = $1 and key collate "C" > $2 order by key collate "C" limit $3`,
    [set, after, limit],
  );
  return rows;
}
