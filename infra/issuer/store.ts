/** Storage of the issuer in PostgreSQL: sealed with a key that the database doesn't have, found by hashes. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Pool } from 'pg';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const hashed = (text: string | undefined) => (text === undefined ? null : sha256(text));

function seal(key: Buffer, payload: AdapterPayload): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(payload)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

function open(key: Buffer, sealed: Buffer): AdapterPayload {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
  return JSON.parse(text.toString('utf8'));
}

interface Row {
  readonly payload: Buffer;
  readonly consumed: string | null;
}

const columns = 'payload, extract(epoch from consumed_at)::bigint as consumed';
const live = '(expires_at is null or expires_at > now())';

/** One per kind of thing that the provider keeps. */
export function createAdapter(pool: Pool, secret: string): (model: string) => Adapter {
  const key = sha256(`storage of the issuer ${secret}`);

  return (model) => {
    async function one(column: 'id' | 'uid' | 'user_code', value: string): Promise<AdapterPayload | undefined> {
      const { rows } = await pool.query<Row>(
        `select ${columns} from issuer.stored where model = $1 and ${column} = $2 and ${live}`,
        [model, sha256(value)],
      );
      const [row] = rows;
      if (!row) return undefined;
      const payload = open(key, row.payload);
      return row.consumed === null ? payload : { ...payload, consumed: Number(row.consumed) };
    }

    return {
      async upsert(id, payload, expiresIn) {
        await pool.query(
          `insert into issuer.stored (model, id, uid, user_code, grant_id, payload, expires_at)
           values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
           on conflict (model, id) do update set uid = excluded.uid, user_code = excluded.user_code,
             grant_id = excluded.grant_id, payload = excluded.payload, expires_at = excluded.expires_at`,
          [
            ...[model, sha256(id), hashed(payload.uid), hashed(payload.userCode), hashed(payload.grantId)],
            ...[seal(key, payload), expiresIn ?? null],
          ],
        );
      },
      find: (id) => one('id', id),
      findByUid: (uid) => one('uid', uid),
      findByUserCode: (userCode) => one('user_code', userCode),
      async consume(id) {
        await pool.query('update issuer.stored set consumed_at = now() where model = $1 and id = $2', [
          model,
          sha256(id),
        ]);
      },
      async destroy(id) {
        await pool.query('delete from issuer.stored where model = $1 and id = $2', [model, sha256(id)]);
      },
      async revokeByGrantId(grantId) {
        await pool.query('delete from issuer.stored where grant_id = $1', [sha256(grantId)]);
      },
    };
  };
}

/** What has ended is never found; here it goes. */
export async function removeEnded(pool: Pool): Promise<void> {
  await pool.query('delete from issuer.stored where expires_at < now()');
}
