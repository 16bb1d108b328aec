/** Frames that nobody sends who means well, and who saw anything of them. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../../agent/test/lab.ts';
import { ethernet, ip, udp } from './frames.ts';
import type { Party, Segment } from './segment.ts';

export interface Seen {
  /** Who saw a frame with the mark of the attack in it. */
  readonly leaks: readonly string[];
  /** What came back to the attacker, in hex from the type of the frame on. */
  readonly answers: readonly string[];
}

/** Stands in the payload of every frame of one attack. */
export const newMark = (): Buffer => Buffer.concat([Buffer.from('attack:'), randomBytes(9)]);

/**
 * Sends the frames, and behind them an honest packet from `attacker` to `friend`, which must pass. Once that has come,
 * whatever of the frames would come has come, too.
 */
export async function attack(
  segment: Segment,
  options: { attacker: Party; friend: Party; mark: Buffer; frames: readonly Buffer[] },
): Promise<Seen> {
  const { attacker, friend, mark, frames } = options;
  const parties: readonly Party[] = [...segment.pods, ...segment.outside.slice(0, 1)];
  await Promise.all(parties.map(({ tap }) => tap.sync()));
  for (const { tap } of parties) tap.take();
  const seen = new Map(parties.map((party) => [party, [] as Buffer[]]));
  const honest = newMark();
  const ends = { source: attacker.ipv4, destination: friend.ipv4 };
  const link = { from: attacker.mac, to: attacker.nextHop(friend) };
  attacker.tap.send([...frames, ethernet(link, 'ipv4', ip(ends, udp(ends, 7, 7, honest)))]);
  await attacker.tap.sync();
  async function look(): Promise<void> {
    await Promise.all(parties.map(({ tap }) => tap.sync()));
    for (const [party, frame] of seen) frame.push(...party.tap.take());
  }
  await until(`an honest packet behind ${frames.length} others`, async () => {
    await look();
    return seen.get(friend)?.some((frame) => frame.includes(honest));
  });
  await pause(30);
  await look();
  return {
    leaks: parties.flatMap((party) =>
      party.tap !== attacker.tap && seen.get(party)?.some((frame) => frame.includes(mark)) ? [party.name] : [],
    ),
    answers: parties
      .filter((party) => party.tap === attacker.tap)
      .flatMap((party) => seen.get(party)?.map((frame) => frame.subarray(12).toString('hex')) ?? []),
  };
}
