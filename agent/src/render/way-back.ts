/**
 * Connections from outside that another node leads here: they come out of the tunnel with the client's address, and their answers
 * must go back by the node that they came by, which translates them. So that node is marked on the connection, and a table of
 * routes of its own leads there.
 *
 *   mangle PREROUTING ─ back ─┬─ enter (out of the tunnel, from outside): the packet and its connection get the mark of the node
 *                             └─ a pod's answer on such a connection gets the mark again
 *   mangle POSTROUTING ─ bare   (into the tunnel without the mark: what is put around the packet would be routed by it, too)
 *
 * Each packet sets the mark anew: where another node has begun to answer for the address, answers follow the next packet. The mark
 * decides about routes and nothing else. Packets to a pool are routed as ever, marked or not, so it doesn't matter who looks at
 * the mark (the kernel's check of sources does, where it is strict).
 */
import { createHash } from 'node:crypto';
import type { RuleEntrance, RuleSet } from '@atoll/schema/node/network';
import { chain, goto, inSet, notInSet, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import type { RuleIntent } from './intent.ts';
import type { NodeNames } from './names.ts';
import { poolSet } from './policies.ts';
import { type IpSet, ipSet } from './set.ts';
import { anchor, type RenderedPart } from './tables.ts';
import { nextHopOf } from './tunnel.ts';

/** The bits that are Atoll's. kube-proxy has 0xc000 and Tailscale 0xff0000, which an agent may meet. */
const bits = 12;
const shift = 20;
const most = 2 ** bits - 1;
const mask = '0xfff00000';
export const markedBy = (number: number) => `0x${(number * 2 ** shift).toString(16)}/${mask}`;
const isMarked = ['-m', 'connmark', '!', '--mark', `0x0/${mask}`];
/** A pod's packet on a connection that has come in by another node. */
export const answersBack = (names: NodeNames) => [
  ...['-i', names.anyInterface, '-m', 'conntrack', '--ctdir', 'REPLY', ...isMarked],
];

export interface Entrance {
  readonly entrance: RuleEntrance;
  readonly mac: string;
  readonly nextHop: string;
  /** 1–4095, and of no other node: the same for a node as long as none comes whose number it is, too. */
  readonly number: number;
}

/** Those that are connected. */
export function entrancesOf({ entrances, remotes }: Pick<RuleSet, 'entrances' | 'remotes'>): Entrance[] {
  const taken = new Set<number>();
  const tunnels = new Map(remotes.map((remote) => [remote.nodeId, remote.tunnel]));
  return entrances.flatMap((entrance): Entrance[] => {
    const mac = tunnels.get(entrance.nodeId)?.mac;
    if (mac === undefined || taken.size === most) return [];
    const drawn = createHash('sha256').update(`entrance ${entrance.nodeId}`).digest().readUInt16BE();
    let number = 1 + (drawn % most);
    while (taken.has(number)) number = 1 + (number % most);
    taken.add(number);
    return [{ entrance, mac, nextHop: nextHopOf(mac), number }];
  });
}

const entranceSet = (names: NodeNames, family: Family, { entrance }: Entrance): IpSet =>
  ipSet(names, family, 'hash:ip', `entrance ${entrance.nodeId}`, entrance[family]);

/** What such a node may send: from outside, to those that its ports lead to. In `filter`. */
export function entering(
  names: NodeNames,
  intent: RuleIntent,
  family: Family,
): { readonly matches: readonly (readonly string[])[]; readonly sets: readonly IpSet[] } {
  const all = entrancesOf(intent.rules);
  if (all.length === 0) return { matches: [], sets: [] };
  const pools = poolSet(names, intent, family);
  const matches = all.map((one) => fromOutside(names, family, one, pools));
  return { matches, sets: [pools, ...all.map((one) => entranceSet(names, family, one))] };
}

const fromOutside = (names: NodeNames, family: Family, one: Entrance, pools: IpSet) => [
  ...['-m', 'mac', '--mac-source', one.mac.toUpperCase()],
  ...notInSet(pools.name, 'src'),
  ...inSet(entranceSet(names, family, one).name, 'dst'),
];

export function renderWayBack(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const all = entrancesOf(intent.rules);
  if (all.length === 0) return { sets: [], tables: {} };
  const back = names.chain('back');
  const enter = names.chain('enter');
  const bare = names.chain('bare');
  const { matches, sets } = entering(names, intent, family);
  const marked = matches.map((match, index): RuleBody => {
    const number = all[index]?.number ?? 0;
    return { match, target: ['-j', 'MARK', '--set-xmark', markedBy(number)] };
  });
  const masks = ['--nfmask', mask, '--ctmask', mask];
  return {
    sets,
    tables: {
      mangle: {
        chains: [
          chain(back, [
            { match: ['-i', names.tunnel], target: goto(enter) },
            { match: answersBack(names), target: ['-j', 'CONNMARK', '--restore-mark', ...masks] },
          ]),
          chain(enter, [
            ...marked,
            {
              match: ['-m', 'mark', '!', '--mark', `0x0/${mask}`],
              target: ['-j', 'CONNMARK', '--save-mark', ...masks],
            },
          ]),
          chain(bare, [{ match: [], target: ['-j', 'MARK', '--set-xmark', `0x0/${mask}`] }]),
        ],
        anchors: [anchor('PREROUTING', [], back), anchor('POSTROUTING', ['-o', names.tunnel], bare)],
      },
    },
  };
}
