/** Leaders that are stopped, that wake late, and processes whose clocks lie. */
import { afterEach, expect, test } from 'vitest';
import { waitFor } from '../platform/waiting.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
afterEach(() => rig?.close());

test('a leader that is stopped is replaced within 15 s; waking late it doubles nothing and takes nothing back', async () => {
  rig = await openRig({ seed: 3, engines: 0 });
  const leader = await rig.addProcess('leader');
  const standby = await rig.addProcess('standby');
  let tookOverMs = 0;
  const fault = {
    name: 'the leader stopped, and awake after another led',
    needsRoot: false,
    async inject() {
      await waitFor('it leads', 15_000, () => (leader.published() > 0 ? true : undefined));
      expect(standby.published()).toBe(0);
      const began = performance.now();
      leader.pause();
      await waitFor('the other one leads', 30_000, () => (standby.published() > 0 ? true : undefined));
      tookOverMs = performance.now() - began;
    },
    heal: async () => leader.resume(),
  };
  await rig.endure(fault, 1000);
  console.log(`the standby led after ${tookOverMs.toFixed(0)} ms`);
  expect(tookOverMs).toBeLessThan(20_000);
}, 90_000);
