/** Rules, chains and sets are damaged in every way there is; how long until all is as it was, and nobody else's rule another. */
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeCommands } from '@atoll/agent/sandbox/commands';
import { endpointAt, fixedId } from '../../../agent/test/fixtures.ts';
import { addForeign, type Kernel, readKernel } from '../lab/kernel.ts';
import { heldLock } from '../lab/lock.ts';
import { Segment, type SegmentNode } from '../lab/segment.ts';
import { enforce } from '../proof.ts';
import { type Dice, diceOf } from '../random.ts';
import { type Sabotage, sabotages } from '../worlds/sabotage.ts';
import { type Ends, someRuleSets } from '../worlds/updates.ts';

export interface Repair {
  readonly what: string;
  /** Null: not before the deadline. */
  readonly ms: number | null;
  /** It was seen to be other than it should: else the repair was quicker than the look, or nothing was done. */
  readonly damaged: boolean;
  readonly complaints: readonly string[];
}

const ends: Ends = {
  client: endpointAt(fixedId('instance', 1), 1, 2),
  server: endpointAt(fixedId('instance', 2), 1, 3),
  intruder: endpointAt(fixedId('instance', 3), 1, 4),
  other: endpointAt(fixedId('instance', 4), 1, 5),
  remote: endpointAt(fixedId('instance', 5), 1, 6),
  comer: endpointAt(fixedId('instance', 6), 1, 7),
};

const isForwarding = async ({ commands }: SegmentNode) =>
  (await commands.run('sysctl', ['-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])).stdout === '1\n1\n';

async function repaired(node: SegmentNode, before: Kernel, deadlineMs: number): Promise<number | null> {
  const began = performance.now();
  for (;;) {
    const now = await readKernel(node);
    if (now.ours === before.ours && (await isForwarding(node))) return performance.now() - began;
    if (performance.now() - began > deadlineMs) return null;
    await pause(200);
  }
}

export type Backend = 'nft' | 'legacy';

/** The same, by the programs of the old backend, which takes turns by a lock. */
const byLegacy = ({ run }: NodeCommands, lock: string): NodeCommands => ({
  run(command, args, input) {
    const [, program, rest = ''] = /^(ip6?tables)(-\w+)?$/.exec(command) ?? [];
    if (program === undefined) return run(command, args, input);
    const wait = rest === '' ? ['-w', '20'] : [];
    return run('env', [`XTABLES_LOCKFILE=${lock}`, `${program}-legacy${rest}`, ...wait, ...args], input);
  },
});

interface RoundOptions {
  /** The lock of iptables is held by somebody else for 3 s, from so many ms after the damage on; null: by nobody. */
  readonly lockedAfterMs: number | null;
}

export interface SabotageRun {
  /** Does these things one right after the other, and waits until all is repaired. */
  round(dice: Dice, what: readonly Sabotage[], options?: RoundOptions): Promise<Repair>;
  close(): Promise<void>;
}

/** A machine under load may take longer than the promise, which is 10 s of resync and 5 s. */
const deadlineMs = 60_000;

/** On a machine that uses `backend`. */
export async function openSabotage(seed: number, backend: Backend = 'nft'): Promise<SabotageRun> {
  const segment = await Segment.open();
  const lock = await heldLock();
  const close = async () => {
    await segment.close();
    await lock.close();
  };
  try {
    const plain = await segment.node(undefined, { agent: 'not yet' });
    const node = backend === 'nft' ? plain : { ...plain, commands: byLegacy(plain.commands, lock.path) };
    await addForeign(node);
    node.agent.env.XTABLES_LOCKFILE = lock.path;
    node.agent.start();
    const [rules] = someRuleSets(diceOf(seed), ends);
    if (rules === undefined) throw new Error('there is a rule set for each node');
    for (const role of ['client', 'server', 'intruder', 'other'] as const) await segment.pod(plain, ends[role]);
    await enforce(segment, [rules]);
    const before = await readKernel(node);
    if (before.rules.length === 0) throw new Error(`the agent didn't take the backend of the machine, ${backend}`);
    return {
      async round(dice, what, { lockedAfterMs } = { lockedAfterMs: null }) {
        const name = what.map((one) => one.name).join(' + ');
        for (const one of what) {
          // Of what an earlier one has left.
          const kernel = await readKernel(node);
          const bare = kernel.rules.length === 0 || kernel.sets.length === 0;
          await one.run(node, bare ? before : kernel, dice).catch(async (error: unknown) => {
            // What an earlier one has already taken away.
            if (what.length > 1) return;
            // Damage in several steps fails where the agent repairs between them: what is done to the end counts.
            if ((await repaired(node, before, deadlineMs)) === null) throw error;
            await one.run(node, await readKernel(node), dice);
          });
        }
        const damaged = (await readKernel(node)).ours !== before.ours || !(await isForwarding(node));
        const held = lockedAfterMs === null ? null : lock.hold(lockedAfterMs);
        const ms = await repaired(node, before, deadlineMs);
        await held;
        const now = await readKernel(node);
        return {
          what: name,
          ms,
          damaged,
          complaints: [
            ...(ms === null ? [`not repaired within ${deadlineMs} ms:\n${now.ours}`] : []),
            ...(now.foreign === before.foreign ? [] : [`rules of others changed:\n${now.foreign}`]),
          ],
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export const someSabotages = (dice: Dice, count: number): Sabotage[] => dice.between(sabotages, count, count);
