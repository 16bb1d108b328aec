/** The floor of rebuilding: a loop that only reads the events, whole rows in pages, in Node, and does nothing with them. */
import { Client } from 'pg';
import { given, serve } from '../contestant.ts';

const PAGE = 5000;

const client = new Client({ connectionString: given('DATABASE_URL') });
await client.connect();

const tasks = {
  /** Events a second. */
  async read(): Promise<number> {
    const began = performance.now();
    let count = 0;
    for (let position = 0; ; ) {
      const { rows } = await client.query<{ position: string }>({
        name: 'page',
        text: 'select * from deploy.event where position > $1 order by position limit $2',
        values: [position, PAGE],
      });
      const last = rows.at(-1);
      if (last === undefined) return (count * 1000) / (performance.now() - began);
      position = Number(last.position);
      count += rows.length;
    }
  },
};
export type BareRead = typeof tasks;

serve(tasks, () => client.end());
