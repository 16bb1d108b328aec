/** Every fault but the failpoints: of processes, of the servers, of the ways to them, of the stream. */
import { type CatalogueEntry, serverFaults, streamFaults, wayFaults } from '../catalogue.ts';
import type { FaultProxy } from '../proxy.ts';
import { ACCOUNTS } from '../workload/role.ts';
import type { Bed } from './bed.ts';
import { NotInjected, type Planned, type RunFault } from './fault.ts';
import { processFaults } from './process-faults.ts';

/** Long enough for retries to begin, short enough for many rounds. */
const HOLD: RunFault['hold'] = [300, 3000];
/** How old the copy is that NATS is given back. */
const COPY_AGE_MS = 700;

const CUT_MS = 10_000;

/** Requests are cut by a text in them: where none has it any more, nothing would be broken. */
const cutting = (fault: CatalogueEntry, proxy: FaultProxy): CatalogueEntry => ({
  ...fault,
  async inject() {
    const before = proxy.cuts();
    await fault.inject();
    const deadline = Date.now() + CUT_MS;
    while (proxy.cuts() === before) {
      if (Date.now() > deadline) throw new NotInjected(`No request was cut within ${CUT_MS / 1000} s.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
});

function ways(name: string, proxy: FaultProxy, request: string): readonly CatalogueEntry[] {
  const faults = wayFaults(name, proxy, request);
  return faults.map((fault) => (/swallowed|when received/.test(fault.name) ? cutting(fault, proxy) : fault));
}

function rolledBack(bed: Bed): RunFault {
  return {
    name: 'the store of NATS replaced by an older copy',
    needsRoot: false,
    hold: HOLD,
    async inject() {
      bed.nats.copyStore();
      await new Promise((resolve) => setTimeout(resolve, COPY_AGE_MS));
      await bed.nats.replaceStore('copy');
    },
    heal: async () => {},
  };
}

export function surroundingFaults(bed: Bed, random: () => number): readonly RunFault[] {
  const own = [...processFaults(bed, random), rolledBack(bed)];
  const known = new Set(own.map(({ name }) => name));
  const shared = [
    ...serverFaults('PostgreSQL', bed.postgres),
    ...serverFaults('NATS', bed.nats),
    // By the name of the prepared statement that appends, and by the subject of what is published.
    ...ways('the way to PostgreSQL', bed.proxies.postgres, '_write\0'),
    ...ways('the way to NATS', bed.proxies.nats, 'PUB evt.'),
    ...streamFaults(bed.nats, bed.nc, ACCOUNTS),
  ];
  return [...own, ...shared.filter(({ name }) => !known.has(name)).map((fault) => ({ ...fault, hold: HOLD }))];
}

/** In the order of `surroundingFaults`; known without a bed, so that the seed can draw from them. */
const names = [
  'kill -9 of a writer',
  'kill -9 of a relay',
  'kill -9 of a reactor',
  'kill -9 of a projector',
  'kill -9 of a subscriber',
  'the leading relay stopped, and late',
  'the leading reactor stopped, and late',
  'the leading projector stopped, and late',
  'the leaders stopped, and awake after others led',
  'a writer stopped, and late',
  'kill -9 of all processes at once',
  'the store of NATS replaced by an older copy',
  'PostgreSQL paused',
  'PostgreSQL killed',
  'NATS paused',
  'NATS killed',
  'the way to PostgreSQL: late and thin',
  'the way to PostgreSQL: cut every second',
  'the way to PostgreSQL: answers swallowed',
  'the way to PostgreSQL: cut when received',
  'the way to PostgreSQL: black hole',
  'the way to PostgreSQL: answers into a black hole',
  'the way to PostgreSQL: refused',
  'the way to NATS: late and thin',
  'the way to NATS: cut every second',
  'the way to NATS: answers swallowed',
  'the way to NATS: cut when received',
  'the way to NATS: black hole',
  'the way to NATS: answers into a black hole',
  'the way to NATS: refused',
  'the stream purged',
  'the stream deleted',
  'the store of NATS empty',
] as const;

export const catalogue: readonly Planned[] = names.map((name) => ({
  name,
  make(bed, random) {
    const all = surroundingFaults(bed, random);
    const found = all.find((fault) => fault.name === name);
    const unlisted = all.filter((fault) => !(names as readonly string[]).includes(fault.name));
    if (found === undefined || unlisted.length > 0) {
      throw new Error(
        `The names don't fit the faults: ${[found ? '' : name, ...unlisted.map((f) => f.name)].join(', ')}`,
      );
    }
    return found;
  },
}));
