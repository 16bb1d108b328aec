/**
 * PostgreSQL, and the way to it, broken under load: what was acknowledged is there once, what was refused isn't, what
 * isn't known is there at most once; store, stream and effects agree, and it goes on by itself.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byName, serverFaults, wayFaults } from './catalogue.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
let fault: ReturnType<typeof byName>;
beforeAll(async () => {
  rig = await openRig({ seed: 11 });
  fault = byName([...serverFaults('PostgreSQL', rig.postgres), ...wayFaults('to PostgreSQL', rig.toPostgres, APPEND)]);
});
afterAll(() => rig?.close());

/** The name of the prepared statement that appends, as it stands in every request to carry it out. */
const APPEND = '_write\0';

/** By hand, for as long as the guarantees name: `ATOLL_FAULTS=long`. */
const long = process.env.ATOLL_FAULTS === 'long';

/** How long it stays broken, whether nothing can be done meanwhile, and when the effects must be there after healing. */
test.each([
  ['PostgreSQL paused', long ? 30_000 : 5000, 'stands', 20_000],
  ['PostgreSQL killed', 500, 'stands', 20_000],
  ['to PostgreSQL: cut every second', long ? 60_000 : 4000, 'goes', 20_000],
  ['to PostgreSQL: answers swallowed', 2000, 'goes', 20_000],
  ['to PostgreSQL: cut when received', 1500, 'goes', 20_000],
  ['to PostgreSQL: late and thin', 1500, 'goes', 20_000],
  ['to PostgreSQL: black hole', long ? 30_000 : 2000, 'stands', 30_000],
  ['to PostgreSQL: answers into a black hole', 1000, 'stands', 30_000],
  ['to PostgreSQL: refused', 1000, 'stands', 20_000],
] as const)(
  '%s: nothing lost, nothing doubled, and it goes on',
  async (name, holdMs, meanwhile, withinMs) => {
    const before = rig.toPostgres.cuts();
    const { effectsMs, okWhileBroken } = await rig.endure(fault(name), holdMs);
    expect(effectsMs).toBeLessThan(withinMs);
    // Else the fault wasn't one.
    if (/swallowed|received/.test(name)) expect(rig.toPostgres.cuts() - before).toBeGreaterThan(10);
    expect(okWhileBroken > 0).toBe(meanwhile === 'goes');
  },
  180_000,
);
