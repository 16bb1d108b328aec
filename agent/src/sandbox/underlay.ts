/** Finds where other nodes reach this one, and how large packets to them may be. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';
import { tunnelMac } from '../render/names.ts';
import { canonicalMember } from '../render/set.ts';
import { smallestUnderlay, tunnelMtu, type Underlay } from '../render/tunnel.ts';
import type { NodeCommands } from './commands.ts';

export interface UnderlaySource {
  /** Looks anew. */
  look(): Promise<Underlay | null>;
  /** As it was seen last. */
  current(): Underlay | null;
  /** What fits through the tunnel; null where there is none. */
  podMtu(): Promise<number | null>;
}

/** It isn't connected to other nodes. */
export const noUnderlay: UnderlaySource = { look: async () => null, current: () => null, podMtu: async () => null };

const tunnelFile = z.strictObject({ mac: z.string() });

interface AddressRow {
  readonly ifname?: string;
  readonly mtu?: number;
  readonly addr_info?: readonly { readonly local?: string; readonly scope?: string; readonly temporary?: boolean }[];
}
interface RouteRow {
  readonly dev?: string;
  readonly prefsrc?: string;
}

interface Place {
  readonly address: string;
  readonly mtu: number;
}

export function openUnderlay(options: {
  commands: NodeCommands;
  /** Undefined: the address towards the default route, of IPv4 if there is one. */
  address: string | undefined;
  port: number;
  stateDir: string;
  log: Logger;
}): UnderlaySource {
  const { commands, port, stateDir, log } = options;
  const given = options.address === undefined ? null : canonicalMember(options.address);
  let current: Underlay | null = null;
  let mac: string | undefined;
  let told = '';

  /** The same for as long as the node has its state: it is all that somebody would have to guess. */
  async function ownMac(): Promise<string> {
    const path = join(stateDir, 'tunnel.json');
    mac ??= (await loadFile(path, tunnelFile, log))?.mac;
    if (mac === undefined) {
      mac = tunnelMac(randomBytes(6));
      await saveFile(path, { mac });
    }
    return mac;
  }

  async function ask<Row>(...args: string[]): Promise<Row[]> {
    const { stdout } = await commands.run('ip', ['-j', ...args]);
    return JSON.parse(stdout || '[]') as Row[];
  }

  async function placeOf(wanted: string): Promise<Place | null> {
    const links = await ask<AddressRow>('addr', 'show');
    const link = links.find((one) => one.addr_info?.some(({ local }) => local && canonicalMember(local) === wanted));
    return link?.mtu === undefined ? null : { address: wanted, mtu: link.mtu };
  }

  async function towardsDefault(): Promise<Place | null> {
    for (const family of ['-4', '-6']) {
      const [route] = await ask<RouteRow>(family, 'route', 'show', 'default');
      if (route?.dev === undefined) continue;
      const [link] = await ask<AddressRow>(family, 'addr', 'show', 'dev', route.dev);
      const address =
        route.prefsrc ?? link?.addr_info?.find(({ scope, temporary }) => scope === 'global' && !temporary)?.local;
      if (address !== undefined && link?.mtu !== undefined) return { address: canonicalMember(address), mtu: link.mtu };
    }
    return null;
  }

  function tell(fault: string): null {
    if (told !== fault) log.warn({ fault }, 'this node is not connected to others');
    told = fault;
    return null;
  }

  async function find(): Promise<Underlay | null> {
    const place = given === null ? await towardsDefault() : await placeOf(given);
    if (place === null) {
      return tell(
        given === null
          ? 'It has no default route by which its address could be told: set ATOLL_NODE_ADDRESS.'
          : `No interface has the address ${given}, which ATOLL_NODE_ADDRESS gives.`,
      );
    }
    const least = smallestUnderlay(place.address);
    if (place.mtu < least) {
      return tell(`The MTU towards other nodes is ${place.mtu} and must be at least ${least}, for IPv6 to fit.`);
    }
    told = '';
    // Loopback's is more than any packet has.
    return { ...place, mtu: Math.min(place.mtu, 65_535), port, mac: await ownMac() };
  }

  async function look(): Promise<Underlay | null> {
    current = await find();
    return current;
  }
  return {
    look,
    current: () => current,
    async podMtu() {
      const own = current ?? (await look());
      return own === null ? null : tunnelMtu(own);
    },
  };
}
