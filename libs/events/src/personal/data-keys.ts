/** The data keys of one context in PostgreSQL: made once per person, over any number of processes; opened by a master key. */
import { randomBytes } from 'node:crypto';
import { newId } from '@atoll/service/ids';
import type { MasterKeys } from '@atoll/service/master-keys';
import type { Pool } from 'pg';
import { patiently } from '../database/patience.ts';
import { quoteSchema } from '../database/sql.ts';
import { createKeyCache, type DataKey, type KeyCache } from './key-cache.ts';
import { decrypt, encrypt, KEY_BYTES, SealBroken } from './seal.ts';

interface KeyRow {
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly wrapped: string | null;
}

export interface DataKeys extends Pick<KeyCache, 'byId' | 'forget'> {
  /** The subject's key, made where there was none. */
  ofSubject(tenant: string, subject: string): Promise<DataKey>;
  /** The subject's key, or null where there is none. */
  find(tenant: string, subject: string): Promise<DataKey | null>;
}

const COLUMNS = 'id, tenant, subject, wrapped';
const wrappedPattern = /^1\.([a-z0-9-]{1,40})\.([A-Za-z0-9_-]+)$/;

const place = (schema: string, row: Omit<KeyRow, 'wrapped'>) => ['key', schema, row.id, row.tenant, row.subject];

export function wrap(masters: MasterKeys, schema: string, row: Omit<KeyRow, 'wrapped'>, key: Buffer): string {
  const master = masters.current();
  return `1.${master.id}.${encrypt(master.key, place(schema, row), key).toString('base64url')}`;
}

/** Id of the master key that a key is wrapped by. */
export const masterOf = (wrapped: string): string => wrappedPattern.exec(wrapped)?.[1] ?? 'unknown';

export function unwrap(masters: MasterKeys, schema: string, row: KeyRow): DataKey {
  const { id, tenant, subject, wrapped } = row;
  if (wrapped === null) return { status: 'destroyed', id, tenant, subject };
  const [, masterId, box] = wrappedPattern.exec(wrapped) ?? [];
  if (masterId === undefined || box === undefined) return { status: 'broken', id, reason: 'its row was changed' };
  const master = masters.byId(masterId);
  if (!master) {
    return {
      status: 'broken',
      id,
      reason: `it is wrapped by the master key ${masterId}, which the file of master keys doesn't have. Put it back`,
    };
  }
  try {
    const key = decrypt(master, place(schema, row), Buffer.from(box, 'base64url'));
    return { status: 'live', id, tenant, subject, key };
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    const reason =
      `the master key ${masterId} of the file doesn't open it: the file is that of another platform, or the row was ` +
      'changed. Use the file that belongs to this database';
    return { status: 'broken', id, reason };
  }
}

export function createDataKeys(options: { pool: Pool; schema: string; masters: MasterKeys }): DataKeys {
  const { pool, schema, masters } = options;
  const table = `${quoteSchema(schema)}.subject_key`;

  const select = (where: string, values: unknown[]) =>
    patiently(() => pool.query<KeyRow>(`select ${COLUMNS} from ${table} where ${where}`, values));

  const cache = createKeyCache(async (ids) => {
    const { rows } = await select('id = any($1)', [ids]);
    return rows.map((row) => unwrap(masters, schema, row));
  });
  /** Ids are no secret, and never change. */
  const ids = new Map<string, string>();
  const MAX_IDS = 10_000;
  const nameOf = (tenant: string, subject: string) => JSON.stringify([tenant, subject]);

  async function find(tenant: string, subject: string): Promise<DataKey | null> {
    const name = nameOf(tenant, subject);
    const id = ids.get(name);
    if (id !== undefined) return (await cache.byId([id])).get(id) ?? null;
    const { rows } = await select('tenant = $1 and subject = $2', [tenant, subject]);
    const [row] = rows;
    if (!row) return null;
    if (ids.size >= MAX_IDS) ids.clear();
    ids.set(name, row.id);
    const key = unwrap(masters, schema, row);
    cache.remember(key);
    return key;
  }

  return {
    byId: cache.byId,
    forget: cache.forget,
    find,
    async ofSubject(tenant, subject) {
      const known = await find(tenant, subject);
      if (known) return known;
      const row = { id: newId('dataKey'), tenant, subject };
      const wrapped = wrap(masters, schema, row, randomBytes(KEY_BYTES));
      // Whoever comes second takes the key of the first.
      await patiently(() =>
        pool.query(
          `insert into ${table} (${COLUMNS}) values ($1, $2, $3, $4) on conflict (tenant, subject) do nothing`,
          [row.id, tenant, subject, wrapped],
        ),
      );
      const made = await find(tenant, subject);
      if (!made) throw new Error(`The key ${row.id} was made and isn't there.`);
      return made;
    },
  };
}

/**
 * Throws where the master keys don't open what the database holds: better at the start than at the first person. Looks at
 * one key for each master key.
 */
export async function checkMasterKeys(options: { pool: Pool; schema: string; masters: MasterKeys }): Promise<void> {
  const { pool, schema, masters } = options;
  const { rows } = await pool.query<KeyRow>(
    `select distinct on (split_part(wrapped, '.', 2)) ${COLUMNS} from ${quoteSchema(schema)}.subject_key
      where wrapped is not null order by split_part(wrapped, '.', 2), made_at desc`,
  );
  for (const row of rows) {
    const key = unwrap(masters, schema, row);
    if (key.status === 'broken') {
      throw new Error(`The personal data of ${schema} can't be opened: of the key ${row.id}, ${key.reason}.`);
    }
  }
}
