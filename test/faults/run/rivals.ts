/** Ground on which every process leads: the lock that lets one at a time work is granted to all who ask. */
import type { Pool } from 'pg';
import { LEDGER, READ } from '../workload/role.ts';

/** The schema that these processes find before PostgreSQL's own. */
export const RIVALS = 'rivals';

/** What processes on this ground find before PostgreSQL's own functions; and a note of each checkpoint that goes back. */
export async function makeRivals(pool: Pool): Promise<void> {
  await pool.query(
    `create schema ${RIVALS};
     create function ${RIVALS}.pg_try_advisory_lock(bigint) returns boolean language sql as 'select true';
     create table ${RIVALS}.taken_back (consumer text, before bigint, after bigint);
     create function ${RIVALS}.note() returns trigger language plpgsql as
       $$ begin insert into ${RIVALS}.taken_back values (old.name, old.position, new.position); return null; end $$`,
  );
  for (const schema of [LEDGER, READ]) {
    await pool.query(
      `create trigger taken_back after update on ${schema}.consumer for each row
         when (new.position < old.position) execute function ${RIVALS}.note()`,
    );
  }
}

/** Options of the sessions of processes on this ground. */
export const rivalOptions = `-c search_path=${RIVALS},pg_catalog -c client_connection_check_interval=2s`;
