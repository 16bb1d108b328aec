/**
 * Addresses of instances, given by four processes at once: each the write path of the network service, to one PostgreSQL that keeps
 * its promises. In namespaces of their own, and all in the same ones, where they run for the same addresses; beside four processes
 * that only insert rows with the address as their key. Fails where any address was given twice.
 */
import { startContestant } from '../events/contestant.ts';
import { inTurns } from '../events/in-turns.ts';
import { startServers } from '../events/servers.ts';
import type { AddressFloor } from '../network/address-floor.ts';
import type { Allocated, Allocator } from '../network/allocator.ts';
import { aimed, type Row, rounds, row } from '../results.ts';
import type { Suite } from './suite.ts';

const PROCESSES = 4;
/** As many as one run of the service's controller gives at once. */
const CONCURRENCY = 1000;
/** Of each process alone, and as many that all share. */
const NAMESPACES = 10;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export const allocation: Suite = {
  name: 'allocation',
  bed: false,
  async run({ long }) {
    const servers = await startServers();
    const ours = { DATABASE_URL: await servers.database() };
    const bare = { DATABASE_URL: await servers.database() };
    const all = Array.from({ length: PROCESSES }, () => ({
      allocator: startContestant<Allocator>(new URL('../network/allocator.ts', import.meta.url), ours),
      floor: startContestant<AddressFloor>(new URL('../network/address-floor.ts', import.meta.url), bare),
    }));
    try {
      const [first] = all;
      if (first === undefined) throw new Error('There is a first.');
      const subnets = await first.allocator.ask('prepare', { namespaces: NAMESPACES * (PROCESSES + 1) });
      await first.floor.ask('prepare', null);
      const of = (share: number) => subnets.slice(share * NAMESPACES, (share + 1) * NAMESPACES);
      const loop = { concurrency: CONCURRENCY, seconds: long ? 5 : 2 };
      const allocate = (shared: 'alone' | 'together', spec = loop) =>
        Promise.all(
          all.map(({ allocator }, index) =>
            allocator.ask('allocate', { loop: spec, from: of(shared === 'alone' ? index : PROCESSES) }),
          ),
        );
      const insert = (spec = loop) =>
        Promise.all(all.map(({ floor }, index) => floor.ask('insert', { loop: spec, of: index })));
      const warm = { ...loop, seconds: 1 };
      await allocate('alone', warm);
      await insert(warm);
      const latencies: number[] = [];
      const together: Allocated[] = [];
      const [alone = [], contended = [], inserted = []] = await inTurns(long ? 5 : 3, [
        async () => {
          const shares = await allocate('alone');
          latencies.push(Math.max(...shares.map(({ p99 }) => p99)));
          return sum(shares.map(({ perSecond }) => perSecond));
        },
        async () => {
          const shares = await allocate('together');
          together.push(...shares);
          return sum(shares.map(({ perSecond }) => perSecond));
        },
        async () => sum((await insert()).map(({ perSecond }) => perSecond)),
      ]);
      const { given, ipv4, ipv6 } = await first.allocator.ask('check', null);
      if (ipv4 !== given || ipv6 !== given) throw new Error(`Of ${given} only ${ipv4} and ${ipv6} are different.`);
      const floor = { name: 'one row a commit, four processes', values: inserted };
      const given4 = `addresses given by ${PROCESSES} processes`;
      const lost = sum(together.map((share) => share.lost)) / sum(together.map(({ count }) => count));
      const rows: Row[] = [
        aimed(rounds(given4, alone, 'addresses/s'), { atLeast: 5000 }),
        rounds('the same: p99', latencies, 'ms'),
        rounds('the same', alone, 'addresses/s', floor),
        rounds(`${given4}, all in the same namespaces`, contended, 'addresses/s', floor),
        row('the same: tries that another process was faster with, for each address', lost, 'tries'),
        row('addresses given, all of them different', given, 'addresses'),
      ];
      return rows;
    } finally {
      for (const { allocator, floor } of all) await Promise.all([allocator.stop(), floor.stop()]);
      await servers.stop();
    }
  },
};
