/** What an allocation can't be cheaper than: one row, by one statement with its own commit, in a table whose key is the address. */
import { createLogger } from '@atoll/service/log';
import { createPool } from '@atoll/service/postgres';
import { closedLoop, type LoopOutcome, type LoopSpec } from '../events/closed-loop.ts';
import { given, serve } from '../events/contestant.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'floor', max: 20, log });
let rows = 0;

const tasks = {
  async prepare(): Promise<null> {
    await pool.query('create table address (address inet primary key, instance_id text not null)');
    return null;
  },
  /** `of`: which of the processes it is, from 0. */
  async insert({ loop, of }: { loop: LoopSpec; of: number }): Promise<LoopOutcome> {
    return closedLoop(loop, async () => {
      rows += 1;
      await pool.query({
        name: 'floor-insert',
        text: 'insert into address (address, instance_id) values ($1, $2)',
        values: [`10.${64 + of * 15 + (rows >> 16)}.${(rows >> 8) & 255}.${rows & 255}`, `ins_${of}_${rows}`],
      });
    });
  },
};
export type AddressFloor = typeof tasks;

serve(tasks, () => pool.end());
