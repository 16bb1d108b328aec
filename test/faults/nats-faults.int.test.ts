/**
 * NATS, the way to it and its store broken under load: commands go on meanwhile, nothing is lost, nothing doubled. On the
 * nats-server of the system (2.9.10 in Debian 12) and on a newer one: the engine asks for nothing that the older one
 * lacks, so nothing is gated on the version.
 */
import { newerNats } from '@atoll/infra/testing/newer-nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byName, serverFaults, streamFaults, wayFaults } from './catalogue.ts';
import { CONTEXT } from './engine.ts';
import { openRig, type Rig } from './rig.ts';

/** Milliseconds that it stays broken, and until the effects must be there after healing. */
type Broken = readonly [fault: string, holdMs: number, withinMs: number];
const ways: readonly Broken[] = [
  ['to NATS: cut every second', 2500, 20_000],
  ['to NATS: answers swallowed', 1000, 20_000],
  ['to NATS: black hole', 1000, 30_000],
];
const servers: readonly Broken[] = [
  ['NATS paused', 2000, 20_000],
  ['NATS killed', 1000, 20_000],
  ['the stream purged', 300, 20_000],
  ['the stream deleted', 300, 20_000],
  ['the store of NATS replaced by an older copy', 300, 20_000],
  ['the store of NATS empty', 300, 20_000],
];

const versions = [
  { server: 'of the system', find: async () => 'nats-server', oldest: 9, faults: [...ways, ...servers] },
  // What becomes of the way is between the client and the proxy, whichever server stands behind it.
  { server: 'of the next Debian', find: newerNats, oldest: 11, faults: servers },
];

describe.each(versions)('nats-server $server', ({ find, oldest, faults }) => {
  let rig: Rig;
  let fault: ReturnType<typeof byName>;
  beforeAll(async () => {
    rig = await openRig({ seed: 21, nats: { program: await find() } });
    fault = byName([
      ...serverFaults('NATS', rig.nats),
      ...wayFaults('to NATS', rig.toNats, 'PUB evt.'),
      ...streamFaults(rig.nats, rig.nc, CONTEXT),
    ]);
  }, 400_000);
  afterAll(() => rig?.close());

  test('is of the version that is meant', () => {
    const version = rig.nc.info?.version ?? '';
    console.log(`nats-server ${version}`);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    expect(major).toBe(2);
    expect(minor, version).toBeGreaterThanOrEqual(oldest);
  });

  test.each(faults)(
    '%s: nothing lost, nothing doubled, and commands go on',
    async (name, holdMs, withinMs) => {
      const before = rig.toNats.cuts();
      const { effectsMs, okWhileBroken } = await rig.endure(fault(name), holdMs);
      if (name.includes('swallowed')) expect(rig.toNats.cuts()).toBeGreaterThan(before);
      if (holdMs >= 1000) expect(okWhileBroken).toBeGreaterThan(0);
      expect(effectsMs).toBeLessThan(withinMs);
      // What the next one may replace the store by: it lacks all that is written until then.
      rig.nats.copyStore();
    },
    90_000,
  );
});
