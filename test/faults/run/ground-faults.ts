/** Full disks, and clocks that jump: each on ground that has them. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { CatalogueEntry } from '../catalogue.ts';
import { clockFault } from '../clock.ts';
import { diskFault } from '../disk.ts';
import { hasNoRoom, natsAnswers, postgresAnswers } from '../servers.ts';
import type { Bed } from './bed.ts';
import { NotInjected, type Planned, type RunFault } from './fault.ts';
import type { Ground, GroundKind } from './ground.ts';

const HOUR = 3_600_000;
/** A clock that was set shows it within. */
const ABOUT_MS = 60_000;
/** A second at least: writes go on for a while in files that have their room already. */
const HOLD: RunFault['hold'] = [1000, 4000];

/** `check` throws `NotInjected` where what was broken works as before. */
const checked = (fault: CatalogueEntry, check: () => Promise<void>): RunFault => ({
  ...fault,
  hold: HOLD,
  async inject() {
    await fault.inject();
    await check();
  },
});

async function serverOffset(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at').finally(() => client.end());
  return (rows[0]?.at.getTime() ?? 0) - Date.now();
}

async function haveFakeClocks({ processes }: Bed): Promise<void> {
  const without = processes.filter(({ pid }) => !readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libfaketime'));
  if (without.length > 0) throw new NotInjected(`The clock of ${without[0]?.name} can't be set.`);
}

function clocks({ clocks: found }: Ground) {
  if (!found) throw new NotInjected('This ground has no clocks to be set.');
  return found;
}
function disks({ disks: found }: Ground) {
  if (!found) throw new NotInjected('This ground has no disks to be filled.');
  return found;
}

const faults: Readonly<Record<string, readonly [GroundKind, (name: string, bed: Bed) => RunFault]>> = {
  'the clocks of all processes two hours ahead': [
    'clocks',
    (name, bed) => checked(clockFault(name, clocks(bed.ground).processes, 2 * HOUR), () => haveFakeClocks(bed)),
  ],
  'the clocks of all processes two hours behind': [
    'clocks',
    (name, bed) => checked(clockFault(name, clocks(bed.ground).processes, -2 * HOUR), () => haveFakeClocks(bed)),
  ],
  'the clock of every second process an hour ahead': [
    'clocks',
    (name, bed) => checked(clockFault(name, clocks(bed.ground).processes.slice(1), HOUR), () => haveFakeClocks(bed)),
  ],
  'the clock of PostgreSQL an hour ahead, and back': [
    'clocks',
    (name, bed) =>
      checked(clockFault(name, [clocks(bed.ground).server], HOUR), async () => {
        const offset = await serverOffset(bed.postgres.url);
        if (Math.abs(offset - HOUR) > ABOUT_MS) throw new NotInjected(`It is ${offset} ms ahead.`);
      }),
  ],
  'the disk of PostgreSQL full': [
    'disks',
    (name, { ground, postgres }) =>
      checked(
        // Where it has given up, whoever supervises it starts it again.
        diskFault(name, disks(ground).postgres, async () => {
          if (!(await postgresAnswers(postgres.url))) await postgres.restart();
        }),
        async () => {
          if (!(await hasNoRoom(postgres.url))) throw new NotInjected('There is room yet.');
        },
      ),
  ],
  'the disk of NATS full': [
    'disks',
    (name, { ground, nats }) =>
      checked(
        // nats-server 2.9.10 stands still for good once a write has found no room, and has to be started again.
        diskFault(name, disks(ground).nats, async () => {
          if (!(await natsAnswers(nats.url))) await nats.restart();
        }),
        async () => {
          if ((await disks(ground).nats.freeBytes()) > 0) throw new NotInjected('There is room yet.');
        },
      ),
  ],
};

/** Mounts need root: without it the disks are left out. */
const isRoot = process.getuid?.() === 0;

export const groundFaults: readonly Planned[] = Object.entries(faults)
  .filter(([, [kind]]) => kind !== 'disks' || isRoot)
  .map(([name, [ground, make]]) => ({ name, ground, make: (bed) => make(name, bed) }));
