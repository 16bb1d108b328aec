/** The floor of one append: a single prepared INSERT of the same row through pg, on one connection. */
import { newId } from '@atoll/service/ids';
import { Pool } from 'pg';
import { closedLoop, type LoopOutcome } from '../closed-loop.ts';
import { given, serve } from '../contestant.ts';
import { columns, createFloorTable } from '../floor-table.ts';
import { actor, correlation, movedData, type StreamSet, streamName, streamOfTurn, traceparent } from '../workload.ts';

const pool = new Pool({ connectionString: given('DATABASE_URL'), max: 1 });
await createFloorTable(pool);
const text = `insert into floor_event (${columns})
  values ($1, $2, 'Moved', 1, 'platform', $3, $4, now(), $5, null, $6, $7, $8)`;
let position = 0;

const tasks = {
  insert: ({ seconds, set }: { seconds: number; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop({ concurrency: 1, seconds }, async () => {
      position += 1;
      await pool.query({
        name: 'insert',
        text,
        values: [
          position,
          newId('event'),
          streamName(':', set.kind, streamOfTurn(position, set.streams)),
          1 + Math.floor(position / set.streams),
          actor,
          correlation,
          traceparent,
          JSON.stringify(movedData(position)),
        ],
      });
    }),
};
export type Insert = typeof tasks;

serve(tasks, () => pool.end());
