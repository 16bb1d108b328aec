import type { Pool } from 'pg';
import type { Logger } from 'pino';
/** A pool with statement and idle timeouts. bigint comes back as number (positions stay below 2^53). */
export declare function createPool(options: { url: string; name: string; max: number; log: Logger }): Pool;
/** Refuses (throws, saying what to set) a server older than 15 or with fsync, full_page_writes or synchronous_commit off. */
export declare function checkServer(pool: Pool): Promise<void>;
/**
 * Runs the `NNNN_name.sql` files of `folders`, in order, that `<schema>.schema_migration` doesn't list yet: one
 * transaction each, under an advisory lock, search_path set to `schema`. Refuses a database that is newer than the
 * files, and a file that was edited after it was run (checksum).
 */
export declare function migrate(options: {
  pool: Pool;
  schema: string;
  folders: readonly URL[];
  log: Logger;
}): Promise<void>;
/** Waits, with a deadline, until the server takes connections. */
export declare function waitForServer(pool: Pool, options: { timeoutMs: number }): Promise<void>;
