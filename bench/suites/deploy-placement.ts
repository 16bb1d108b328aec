/**
 * Placement alone, with every filter and every score on: instances of one deployment after the other, each with wishes and
 * some instances that are there, on nodes of ten pools and five zones that fill up on the way. Each decision is made whole,
 * with its record, and taken into account by the next. By processor time: others on the machine don't count.
 */
import { Field } from '@atoll/deploy/placement/field';
import type { NodeView, PoolView } from '@atoll/deploy/placement/node-view';
import type { Placer } from '@atoll/deploy/placement/placer';
import { createSearch, look, type Peers, take } from '@atoll/deploy/placement/search';
import type { Id } from '@atoll/schema/ids';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import { aimed, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const DECISIONS = 500;
/** Of one deployment on its way, placed in one go. */
const AT_ONCE = 100;
const suffix = (n: number) => `01h455vb4pex5vs${String(n).padStart(11, '0')}`;
const nodeOf = (n: number): Id<'node'> => `node_${suffix(n)}`;

const pools = Array.from(
  { length: 10 },
  (_, n): PoolView => ({
    ...{ poolId: `pool_${suffix(n)}`, name: `pool-${n}`, revision: 1, slaClass: slaClasses[n % 3] ?? 'STANDARD' },
    ...{ labels: { disk: n % 5 === 0 ? 'hdd' : 'ssd' }, costPerHour: n },
    weights: { spread: 100, pack: 20, locality: 50, slaClass: 50, cost: 30 },
  }),
);

const nodes = (count: number): readonly NodeView[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{ nodeId: nodeOf(n), unreachable: n % 97 === 0 ? 'silent' : null, closed: n % 89 === 0 ? 'cordoned' : null },
    ...{
      revision: 1,
      pool: pools[n % 10] ?? (pools[0] as PoolView),
      zone: `zone-${n % 5}`,
      labels: { rack: `r${n % 40}` },
    },
    ...{ capacity: { cpuMillis: 64_000, memoryMiB: 262_144 }, maxInstances: 250, keptFor: null },
    used: { cpuMillis: (n % 60) * 1000, memoryMiB: (n % 60) * 4096, instances: n % 60 },
  }));

function placer(n: number, count: number): Placer {
  return {
    ...{ tenant: `ten_${suffix(n % 100)}`, nodes: 'any', slaClasses, weights: null },
    pools: pools.slice(0, 8).map(({ name }) => name),
    wishes: {
      ...{ slaClass: 'STANDARD', nodeLabels: { disk: 'ssd' }, zones: ['zone-0', 'zone-1', 'zone-2', 'zone-3'] },
      ...{
        zoneSkew: 3,
        maxPerNode: 2,
        apart: ['front'],
        near: [{ deployment: 'db', within: 'ZONE', required: false }],
      },
    },
    others: new Set([nodeOf((n * 7) % count), nodeOf((n * 11) % count)]),
    near: [new Set([nodeOf((n * 13) % count)])],
  };
}

const peersOf = (n: number, count: number): Peers =>
  new Map([0, 1, 2].map((peer) => [nodeOf((n * 17 + peer * 31) % count), 1]));
const needOf = (n: number) => ({ cpuMillis: 250 + (n % 4) * 250, memoryMiB: 512 + (n % 4) * 512 });

/** Decisions per second of the processor. */
function perSecond(decisions: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (decisions * 1e6) / (user + system);
}

function oneByOne(count: number): number {
  const field = new Field(nodes(count));
  return perSecond(DECISIONS, () => {
    for (let n = 0; n < DECISIONS; n++) {
      const search = createSearch(field, needOf(n), peersOf(n, count), placer(n, count));
      const { index } = look(search);
      if (index === null) throw new Error('There is room.');
      take(search, index);
    }
  });
}

function together(count: number): number {
  const view = nodes(count);
  return perSecond(AT_ONCE, () => {
    const search = createSearch(new Field(view), needOf(1), peersOf(1, count), placer(1, count));
    for (let n = 0; n < AT_ONCE; n++) {
      const { index } = look(search);
      if (index === null) throw new Error('There is room.');
      take(search, index);
    }
  });
}

export const deployPlacement: Suite = {
  name: 'deploy-placement',
  bed: false,
  async run({ long }) {
    const times = long ? 25 : 7;
    const measure = (work: (count: number) => number, count: number) =>
      Array.from({ length: times }, () => work(count));
    // Once, so that none of them is the one that the machine learns by.
    for (const count of [1000, 5000]) for (const work of [oneByOne, together]) work(count);
    const unit = 'decisions/s of CPU';
    return [
      aimed(rounds('one instance of each deployment, 1,000 nodes', measure(oneByOne, 1000), unit), { atLeast: 5000 }),
      aimed(rounds('one instance of each deployment, 5,000 nodes', measure(oneByOne, 5000), unit), { atLeast: 1000 }),
      aimed(rounds('100 of one deployment, 1,000 nodes', measure(together, 1000), unit), { atLeast: 5000 }),
      aimed(rounds('100 of one deployment, 5,000 nodes', measure(together, 5000), unit), { atLeast: 1000 }),
    ];
  },
};
