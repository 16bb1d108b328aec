/**
 * With its surroundings broken under load: what was acknowledged is there once, what was refused isn't, what isn't known
 * is there at most once; store, stream and effects agree, and it goes on by itself.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CatalogueEntry, serverFaults, streamFaults, wayFaults } from './catalogue.ts';
import { CONTEXT } from './engine.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let all: ReadonlyMap<string, CatalogueEntry>;
beforeAll(async () => {
  rig = await openRig({ seed: 11 });
  const entries = [
    ...serverFaults('PostgreSQL', rig.postgres),
    ...serverFaults('NATS', rig.nats),
    ...wayFaults('to PostgreSQL', rig.toPostgres, 'write_batch'),
    ...wayFaults('to NATS', rig.toNats, 'PUB evt.'),
    ...streamFaults(rig.nats, rig.nc, CONTEXT),
  ];
  all = new Map(entries.map((entry) => [entry.name, entry]));
});
afterAll(() => rig?.close());

function named(name: string): CatalogueEntry {
  const entry = all.get(name);
  if (!entry) throw new Error(`There is no fault "${name}": ${[...all.keys()].join(', ')}.`);
  return entry;
}

/** How long it stays broken, and how soon after healing the effects of a new command must be there. */
test.each([
  ['PostgreSQL paused', 5000, 5000],
  ['PostgreSQL killed', 1000, 5000],
  ['to PostgreSQL: cut every second', 10_000, 5000],
  ['to PostgreSQL: answers swallowed', 3000, 5000],
  ['to PostgreSQL: cut when received', 3000, 5000],
  ['to PostgreSQL: late and thin', 3000, 5000],
  ['to PostgreSQL: black hole', 3000, 15_000],
  ['to PostgreSQL: refused', 2000, 5000],
  ['NATS paused', 3000, 5000],
  ['NATS killed', 1000, 5000],
  ['to NATS: cut every second', 3000, 5000],
  ['to NATS: answers swallowed', 3000, 5000],
  ['to NATS: black hole', 3000, 15_000],
  ['to NATS: answers into a black hole', 2000, 15_000],
  ['the stream purged', 500, 5000],
  ['the stream deleted', 500, 5000],
  ['the store of NATS replaced by an older copy', 500, 10_000],
  ['the store of NATS empty', 500, 10_000],
])(
  '%s: nothing lost, nothing doubled, and it goes on',
  async (name, holdMs, withinMs) => {
    const { effectsMs } = await rig.endure(named(name), holdMs);
    expect(effectsMs).toBeLessThan(withinMs);
    rig.nats.copyStore();
  },
  120_000,
);
