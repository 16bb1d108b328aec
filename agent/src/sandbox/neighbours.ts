/**
 * Tells the neighbours on the segment that this node answers for an address from now on: a gratuitous ARP reply (RFC 5227), an
 * unsolicited neighbour advertisement (RFC 4861, 7.2.6). Without it they send to the node that had the address before until their
 * own timeouts. It is a help and no more: nothing waits for it, and where it can't be told they find out as ever.
 */
import type { Logger } from '@atoll/service/log';
import type { NodeCommands } from './commands.ts';

/** `arping` stays for a second to hear who objects. */
const atOnce = 16;

export interface Neighbours {
  /** All addresses that the node answers for now: those that it didn't before are told of. */
  tell(addresses: readonly string[]): void;
}

export function createNeighbours(commands: NodeCommands, device: string | null, log: Logger): Neighbours {
  let told: ReadonlySet<string> = new Set();
  const waiting = new Set<string>();
  let lanes = 0;

  async function say(address: string): Promise<void> {
    if (device === null) return;
    if (address.includes(':')) await commands.run('ndptool', ['-t', 'na', '-U', '-i', device, '-T', address, 'send']);
    else await commands.run('arping', ['-q', '-A', '-c', '1', '-I', device, address]);
  }

  async function lane(): Promise<void> {
    lanes += 1;
    for (const address of waiting) {
      waiting.delete(address);
      await say(address).catch((error: unknown) => {
        log.warn({ err: error, address }, 'the neighbours are not told of an address, and notice by themselves');
      });
    }
    lanes -= 1;
  }

  return {
    tell(addresses) {
      if (device === null) return;
      const now = new Set(addresses);
      for (const address of waiting) if (!now.has(address)) waiting.delete(address);
      for (const address of now) if (!told.has(address)) waiting.add(address);
      told = now;
      while (lanes < Math.min(atOnce, waiting.size)) void lane();
    },
  };
}
