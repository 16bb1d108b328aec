/** PostgreSQL: pools, and what is asked of a server. */
import pg, { type Pool } from 'pg';
import type { Logger } from 'pino';
import { UnfitServer, verifyServer } from './server-check.ts';

export { migrate } from './migrate.ts';
export { checkServer, UnfitServer, watchServer } from './server-check.ts';

const { INT8 } = pg.types.builtins;
const INT8_ARRAY: number = 1016;

/** bigint as number: positions stay below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  const parse = pg.types.getTypeParser(oid, format as 'text');
  if (format === 'binary') return parse;
  if (oid === INT8) return Number;
  if (oid !== INT8_ARRAY) return parse;
  return (text: string) => parse(text).map((item: string | null) => (item === null ? null : Number(item)));
};

/** Longer than any statement may take: from then on the connection, and not the server, is at fault. */
const SILENCE_MS = 35_000;
const silenceText = 'Query read timeout';

/** Whether there was no answer in time: what was asked may have been done. pg gives it no code. */
export const isSilence = (error: unknown): error is Error =>
  error instanceof Error && error.message.startsWith(silenceText);

/**
 * Where one connection fell silent, the idle ones have gone the same way as a rule: each would cost its user the same wait.
 */
async function dropIdle(pool: Pool): Promise<void> {
  for (let left = pool.idleCount; left > 0 && pool.idleCount > 0; left--) (await pool.connect()).release(true);
}

/**
 * A pool with statement and idle timeouts; a statement that isn't answered at all ends with an error after `silenceMs`
 * (default 35 s), and its connection is given up. bigint comes back as number (positions stay below 2^53).
 */
export function createPool(options: { url: string; name: string; max: number; log: Logger; silenceMs?: number }): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.max,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    query_timeout: options.silenceMs ?? SILENCE_MS,
    // Who stands still within a transaction keeps others from what it has locked for no longer than this.
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    // A session that waits for a lock, and whose client is gone, ends then and there.
    options: '-c client_connection_check_interval=2s',
    types: { getTypeParser },
    // A server that was started again may have other settings.
    verify: verifyServer,
  });
  // A connection that breaks while idle leaves the pool; the next query takes another.
  pool.on('error', (error) => options.log.warn({ err: error, pool: options.name }, 'idle database connection lost'));
  // Taken out of the pool it would have no listener, and an error without one ends the process; its user hears of it anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('release', (error) => {
    if (!isSilence(error)) return;
    options.log.warn({ pool: options.name }, 'a database connection gave no answer; connecting anew');
    dropIdle(pool).catch((problem: unknown) => options.log.warn({ err: problem }, 'connecting anew failed'));
  });
  return pool;
}

/** SQLSTATE classes and codes, and codes of the operating system, that say the connection broke or wasn't to be had. */
const connectionCodes =
  /^(08...|57P0[1-4]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH)$/;
/** pg gives these no code. */
const connectionTexts = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  silenceText,
];

/** Whether an error is of the connection, and not of what was asked. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && connectionCodes.test(error.code)) return true;
  if (connectionTexts.some((text) => error.message.startsWith(text))) return true;
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  return error.cause !== undefined && isConnectionError(error.cause);
}

/** Waits, with a deadline, until the server takes connections. */
export async function waitForServer(pool: Pool, options: { timeoutMs: number }): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      if (error instanceof UnfitServer) throw error;
      if (!isConnectionError(error) || Date.now() >= deadline) {
        throw new Error(`The database can't be reached: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
