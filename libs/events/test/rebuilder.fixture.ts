/** Rebuilds the ledger in a process of its own, until it is killed. */
import { createPool } from '@atoll/service/postgres';
import { startRebuilds } from '../src/rebuild.ts';
import { createEventStore } from '../src/store.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { testLog } from '../src/testing/open-store.ts';
import { foldLedger } from './ledger.ts';

const pool = createPool({ url: process.env.TEST_URL ?? '', name: 'rebuilder', max: 6, log: testLog });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log: testLog });
await pool.query('create table if not exists deploy.applied (n integer)');
await startRebuilds({
  pool,
  schema: 'deploy',
  log: testLog,
  projections: [
    {
      name: 'ledger',
      revision: 1,
      tables: ['ledger'],
      sources: [{ consumer: 'own', source: { kind: 'store', store } }],
      effect: {
        kind: 'fold',
        async apply(tx, events) {
          await foldLedger(tx, events);
          // Beside the transaction: what was applied is counted even where it is taken back.
          await pool.query('insert into deploy.applied values ($1)', [events.length]);
          await new Promise((resolve) => setTimeout(resolve, Number(process.env.TEST_PAUSE_MS)));
        },
      },
    },
  ],
});
process.stdout.write('ready\n');
