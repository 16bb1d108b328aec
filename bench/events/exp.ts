import { readFileSync } from 'node:fs';
import { newId } from '@atoll/service/ids';
import pg from 'pg';
import { actor, correlation, movedData, streamName, streamOfTurn, traceparent } from './workload.ts';

const [call = '', size = '64', secs = '2', pre = ''] = process.argv.slice(2);
const c = new pg.Client({ connectionString: readFileSync('/tmp/atoll/h8/url', 'utf8') });
await c.connect();
await c.query('set search_path = deploy');
if (pre) await c.query(pre);
await c.query('truncate event, idempotency');
const pid = (await c.query('select pg_backend_pid() p')).rows[0].p;
const cpu = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
let n = 0;
const times: number[] = [];
const w = () => {
  const b: number = cpu();
  return b;
};
let c0 = 0;
let k0 = 0;
const until = performance.now() + Number(secs) * 1000;
while (performance.now() < until) {
  const batch = Array.from({ length: Number(size) }, () => {
    n++;
    return {
      stream: streamName(':', 'a', streamOfTurn(n, 10000)),
      expected: -1,
      tenant: 'platform',
      actor,
      cause: null,
      correlation,
      traceparent,
      claims: [],
      events: [{ id: newId('event'), type: 'Moved', schemaVersion: 1, data: movedData(n) }],
    };
  });
  const text = JSON.stringify(batch);
  const b = performance.now();
  await c.query({ name: 'x', text: call, values: [text] });
  times.push(performance.now() - b);
  if (times.length === 50) {
    c0 = w();
    k0 = 50;
  }
}
const per = (w() - c0) / (times.length - k0);
times.sort((a, b) => a - b);
console.log(
  call.slice(0, 60),
  'p50',
  times[times.length >> 1]?.toFixed(3),
  'mean',
  (times.reduce((a, b) => a + b) / times.length).toFixed(3),
  'CPU ms/call',
  per.toFixed(3),
  'rows/s in pg',
  (((Number(size) * times.length) / times.reduce((a, b) => a + b)) * 1000).toFixed(0),
);
await c.end();
