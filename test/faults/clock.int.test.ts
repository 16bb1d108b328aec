/** Clocks that jump while commands flow: the times of events never run backwards, nothing is lost, and nothing stalls. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../platform/waiting.ts';
import { clockFault, type FakeClock, openClock } from './clock.ts';
import type { EngineProcess } from './engine-process.ts';
import { openRig, type Rig } from './rig.ts';

const HOUR = 3_600_000;
let clocks: { server: FakeClock; early: FakeClock; late: FakeClock };
let rig: Rig;
let early: EngineProcess;
beforeAll(async () => {
  clocks = { server: openClock(), early: openClock(-HOUR), late: openClock(HOUR) };
  rig = await openRig({ seed: 9, engines: 0, postgres: { env: clocks.server.env } });
  early = await rig.addProcess('early', clocks.early.env);
  await rig.addProcess('late', clocks.late.env);
});
afterAll(async () => {
  await rig?.close();
  for (const clock of Object.values(clocks ?? {})) clock.close();
});

/** How far the server's clock is from ours, ms. */
async function serverOffset(): Promise<number> {
  const client = new pg.Client({ connectionString: rig.postgres.url });
  await client.connect();
  const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at').finally(() => client.end());
  return (rows[0]?.at.getTime() ?? 0) - Date.now();
}
const isAbout = (offset: number, wanted: number) => Math.abs(offset - wanted) < 60_000;

test('the clocks of two processes differ by two hours, and jump', async () => {
  await waitFor('it tells its time', 10_000, () => isAbout(early.clock() - Date.now(), -HOUR) || undefined);
  await rig.endure(clockFault('the clocks of the processes jump', [clocks.early, clocks.late], 2 * HOUR), 2000);
  expect(isAbout(early.clock() - Date.now(), 0)).toBe(true);
  clocks.early.set(-2 * HOUR);
  await rig.endure(clockFault('the clock of a process jumps back', [clocks.early], -2 * HOUR), 2000);
}, 60_000);

test("the server's clock jumps an hour ahead and back", async () => {
  const jump = clockFault("the server's clock jumps", [clocks.server], HOUR);
  await rig.endure(
    {
      ...jump,
      async inject() {
        await jump.inject();
        expect(isAbout(await serverOffset(), HOUR)).toBe(true);
      },
    },
    2000,
  );
  expect(isAbout(await serverOffset(), 0)).toBe(true);
  const log = await rig.log();
  // It was ahead, and what came after it was set back is not before that.
  expect(isAbout(Date.parse(log.at(-1)?.time ?? '') - Date.now(), HOUR)).toBe(true);
}, 60_000);
