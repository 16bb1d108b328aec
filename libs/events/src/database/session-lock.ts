/**
 * Session advisory locks: at most one process at a time does a thing, and another takes over when its session ends.
 *
 * All locks of a pool share one connection. A lock is for economy, never for correctness: after a network split two
 * processes may both believe they hold it, so what they do is fenced again where it is written (a checkpoint moves only
 * from where it was, a stream only takes the expected sequence, a command has its idempotency key).
 */
import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { createTurns } from '../turns.ts';

const PING_MS = 5000;
/**
 * The server ends the session of a holder that no longer pings: one that is stopped, or that vanished with its machine.
 * Without it nobody else would get the lock while it stands still, or until TCP has noticed (two hours by default).
 */
const GIVE_UP = "set idle_session_timeout = '12s'";

export interface SessionLock {
  /** The lock until the signal is aborted, which it is when the session is lost; null where somebody else holds it. */
  acquire(): Promise<AbortSignal | null>;
  /** Lets go of it. It can't be acquired again. */
  close(): Promise<void>;
}

interface Session {
  /** One statement at a time. */
  readonly query: <R extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<R>>;
  readonly held: Map<string, AbortController>;
  end(error: Error): void;
}

/** The one session of a pool, open while somebody may need it. */
interface Keeper {
  users: number;
  session: Promise<Session> | null;
}
const keepers = new WeakMap<Pool, Keeper>();

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

async function openSession(pool: Pool, keeper: Keeper): Promise<Session> {
  const client = await pool.connect();
  const turns = createTurns();
  const query: Session['query'] = (text, values) => turns.take('', () => client.query(text, values));
  const held = new Map<string, AbortController>();
  let ended = false;
  let answered = true;
  const pinging = setInterval(() => {
    if (!answered) return end(new Error(`The session gave no answer in ${PING_MS} ms.`));
    answered = false;
    query('select 1').then(() => {
      answered = true;
    }, end);
  }, PING_MS);
  pinging.unref();

  function end(error: Error): void {
    if (ended) return;
    ended = true;
    clearInterval(pinging);
    keeper.session = null;
    for (const lock of held.values()) lock.abort(error);
    // Never back into the pool: what it still holds must go with the session.
    client.release(error);
  }
  client.on('error', end);
  client.on('end', () => end(new Error('The session ended.')));
  try {
    await query(GIVE_UP);
  } catch (error) {
    end(asError(error));
    throw error;
  }
  return { query, held, end };
}

export function createSessionLock(pool: Pool, name: string): SessionLock {
  const keeper = keepers.get(pool) ?? { users: 0, session: null };
  keepers.set(pool, keeper);
  keeper.users += 1;
  let lock: AbortController | null = null;
  let closed = false;

  return {
    async acquire() {
      if (closed) throw new Error(`The lock ${name} was closed.`);
      keeper.session ??= openSession(pool, keeper);
      const opening = keeper.session;
      const { query, held, end } = await opening.catch((error: unknown) => {
        if (keeper.session === opening) keeper.session = null;
        throw error;
      });
      // A session is given its own lock as often as it asks: within this process the map decides.
      if (held.has(name)) return null;
      const mine = new AbortController();
      held.set(name, mine);
      try {
        const { rows } = await query<{ got: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
          name,
        ]);
        if (rows[0]?.got) {
          lock = mine;
          return mine.signal;
        }
        held.delete(name);
        return null;
      } catch (error) {
        end(asError(error));
        throw error;
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      keeper.users -= 1;
      const session = await keeper.session?.catch(() => null);
      if (!session) return;
      if (keeper.users === 0) return session.end(new Error('Nobody needs the session any more.'));
      if (lock === null || session.held.get(name) !== lock) return;
      try {
        await session.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
        session.held.delete(name);
      } catch (error) {
        session.end(asError(error));
      }
    },
  };
}
