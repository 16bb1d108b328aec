/** The time, as all processes of the service have it: the database's. */
import type { Pool } from 'pg';

export type Clock = () => Promise<Date>;

export const clockOf =
  (db: Pool): Clock =>
  async () => {
    const { rows } = await db.query<{ now: Date }>('select clock_timestamp() as now');
    const [row] = rows;
    if (!row) throw new Error('The database tells no time.');
    return row.now;
  };
