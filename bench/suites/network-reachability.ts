/**
 * What it takes to be told who reaches whom, by the API: one pair of instances, and the matrix of a namespace, with few and many
 * policies; with rules that nobody has changed since, and right after a change of one. Beside a plain read of one instance by the same
 * way, in turns with it. The whole platform as `npm start` runs it, on a simulated node.
 */
import type { Atoll } from '@atoll/sdk/client';
import { newTenant } from '@atoll/test/platform/clients';
import { Platform } from '@atoll/test/platform/platform';
import { waitFor } from '@atoll/test/platform/waiting';
import { newNamespace, push, small, steady } from '@atoll/test/platform/workloads';
import { aimed, type Row, rounds } from '../results.ts';
import { percentile } from '../statistics.ts';
import type { Suite } from './suite.ts';

/** Of instances: as many kinds as a page of the matrix has groups. */
const KINDS = 40;
const EACH = 2;
const AT_ONCE = 8;
const ROUNDS = 5;

const labelsOf = (kind: number) => [{ key: 'app', value: `a${kind % KINDS}` }];

/** Each opens a port from one kind of instances to another. */
async function addPolicies(admin: Atoll, namespaceId: string, from: number, to: number): Promise<string[]> {
  const ids: string[] = [];
  let next = from;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let n = next++; n < to; n = next++) {
        const { isolationPolicy } = await admin.mutate.createIsolationPolicy({
          ...{ namespaceId, name: `p${n}`, from: { labels: labelsOf(n) }, toLabels: labelsOf(n * 7 + 1) },
          ports: [{ protocol: 'TCP', from: 1000 + (n % 50_000) }],
        });
        ids[n - from] = isolationPolicy.id;
      }
    }),
  );
  return ids;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

interface Times {
  readonly floor: number[];
  readonly pair: number[];
  readonly pairChanged: number[];
  readonly matrix: number[];
  readonly matrixChanged: number[];
}

async function measure(sizes: readonly number[], each: number): Promise<Row[]> {
  const platform = await Platform.start({ env: { ATOLL_RUNTIME: 'simulated' } });
  try {
    const { ready } = platform;
    const { admin } = await newTenant(ready, { namespaces: 10, instances: 500, cpuMillis: 64_000, memoryMiB: 65_536 });
    const namespace = await newNamespace(admin, 'asked');
    const image = await push(ready, '1');
    const all = await Promise.all(
      Array.from({ length: KINDS }, async (_, kind) => {
        const { deployment } = await admin.mutate.createDeployment({
          ...{
            ...small,
            cpuMillis: 10,
            memoryMiB: 8,
            namespaceId: namespace.id,
            name: `a${kind}`,
            image,
            replicas: EACH,
          },
          labels: labelsOf(kind),
        });
        return await steady(admin, deployment.id);
      }),
    );
    const [from = '', to = ''] = [all[0]?.[0]?.id, all[1]?.[0]?.id];
    const rows: Row[] = [];
    let count = 0;
    for (const size of sizes) {
      const added = await addPolicies(admin, namespace.id, count, size);
      count = size;
      const [touched = ''] = added;
      let port = 60_000;
      const change = () =>
        admin.mutate.updateIsolationPolicy({
          ...{ policyId: touched, from: { labels: labelsOf(0) }, toLabels: labelsOf(1) },
          ports: [
            { protocol: 'TCP', from: 1000 },
            { protocol: 'TCP', from: ++port },
          ],
        });
      const pair = async () => {
        const { allowed } = await admin.query.reachability({ from, to: { id: to }, port: 1000 });
        if (allowed !== true) throw new Error('The first policy lets it through.');
      };
      const matrix = async () => {
        const { groupCount } = await admin.query.reachabilityMatrix({ namespaceId: namespace.id, port: 1000 });
        if (groupCount < 2) throw new Error('There are several groups.');
      };
      const floor = () => admin.query.instance({ id: from });
      await change();
      await waitFor('the first policy is in force', 60_000, async () =>
        (await admin.query.reachability({ from, to: { id: to }, port: 1000 })).allowed ? true : undefined,
      );
      const middle = async (work: () => Promise<unknown>, before: () => Promise<unknown> = async () => {}) => {
        const times: number[] = [];
        for (let n = 0; n < each; n++) {
          await before();
          times.push(await timed(work));
        }
        return percentile(times, 0.5);
      };
      const told: Times = { floor: [], pair: [], pairChanged: [], matrix: [], matrixChanged: [] };
      for (let round = 0; round < ROUNDS; round++) {
        told.floor.push(await middle(floor));
        told.pair.push(await middle(pair));
        told.matrix.push(await middle(matrix));
        told.pairChanged.push(await middle(pair, change));
        told.matrixChanged.push(await middle(matrix, change));
      }
      const besides = { name: 'one instance by its id', values: told.floor };
      const of = `with ${size} policies`;
      rows.push(
        rounds(`one pair, ${of}: p50`, told.pair, 'ms', besides),
        aimed(rounds(`one pair right after a change, ${of}: p50`, told.pairChanged, 'ms'), { atMost: 150 }),
        rounds(`the matrix, ${of}: p50`, told.matrix, 'ms', besides),
        aimed(rounds(`the matrix right after a change, ${of}: p50`, told.matrixChanged, 'ms'), { atMost: 500 }),
      );
    }
    return rows;
  } finally {
    await platform.discard();
  }
}

export const networkReachability: Suite = {
  name: 'network-reachability',
  bed: false,
  run: ({ long }) => measure(long ? [10, 1000, 10_000] : [10, 1000], long ? 15 : 5),
};
