/**
 * Who may send what through the tunnel between nodes, in `filter`. Asked before the policies are, and it never accepts:
 *
 *   FORWARD ─ far ── arrive (a packet out of the tunnel) ── branch … ── the node that it claims to come from
 *   INPUT ─── tunnel (packets of the tunnel itself)
 *
 * - Packets of the tunnel are taken from the addresses of known nodes only. Nothing out of it reaches the node itself.
 * - A packet out of it has the hardware address of a known node and the address of an endpoint that is on that node, and
 *   goes to a pod of this one: the tunnel leads nowhere else.
 * - A packet out of it that comes from outside has the hardware address of a node that answers for public addresses, and goes to an
 *   endpoint that a port of these leads to. Its answers go back by the tunnel, or nowhere.
 * - Only pods send into it, and none of them makes packets of the tunnel itself: they could leave with this node's address.
 * - Whoever isn't a pod and says so with an address of a pool reaches neither a pod nor the tunnel.
 * - Where the machine alone reaches its public addresses, answers to what it has sent there itself are let in.
 * A connection that was redirected on this node (to a public port, say) comes from outside and may go on to another node.
 */
import { createHash } from 'node:crypto';
import type { RemoteNode } from '@atoll/schema/node/network';
import { type Chain, chain, goto, inSet, inState, jump, notInSet, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import type { RuleIntent } from './intent.ts';
import { anyTunnel, anyWire, type NodeNames } from './names.ts';
import { type IpSet, ipSet } from './set.ts';
import { anchor, type RenderedPart } from './tables.ts';
import { answersBack, entering } from './way-back.ts';

/** So many nodes are asked for one after the other; more, and they are 16 groups. */
const branches = 16;

const drop = (...match: string[]): RuleBody => ({ match, target: jump('DROP') });
const pass = (...match: string[]): RuleBody => ({ match, target: jump('RETURN') });
const notRedirected = ['-m', 'conntrack', '!', '--ctstate', 'DNAT'];
/** Nothing else that is for the machine itself was redirected by it. */
const answersItself = [...inState('ESTABLISHED'), '-m', 'conntrack', '--ctstate', 'DNAT', '--ctdir', 'REPLY'];
const icmp = { ipv4: ['-p', 'icmp'], ipv6: ['-p', 'ipv6-icmp'] } as const;
const toPort = (port: number) => ['-p', 'udp', '-m', 'udp', '--dport', String(port)];

export function renderOverlay(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const { tunnel, anyInterface, tunnelPort } = names;
  const { remotes } = intent.rules;
  const pools = ipSet(names, family, 'hash:net', 'pools alone', intent.pools?.[family] ?? []);
  const addresses = remotes
    .map((remote) => remote.tunnel.address)
    .filter((address) => address.includes(':') === (family === 'ipv6'));
  const nodes = ipSet(names, family, 'hash:ip', 'nodes', addresses);
  const ports = [...new Set([tunnelPort, ...remotes.map((remote) => remote.tunnel.port)])].sort((a, b) => a - b);
  const outside = entering(names, intent, family);
  const arrivals = arrive(names, family, remotes, outside.matches);
  const far = names.chain('far');
  const own = names.chain('tunnel');
  return {
    sets: [pools, nodes, ...arrivals.sets, ...outside.sets],
    tables: {
      filter: {
        chains: [
          ...arrivals.chains,
          chain(far, [
            { match: ['-i', tunnel], target: goto(names.chain('arrive')) },
            ...ports.map((port) => drop('-i', anyInterface, ...toPort(port), ...notInSet(pools.name, 'dst'))),
            ...(outside.matches.length > 0 ? [drop(...answersBack(names), '!', '-o', tunnel)] : []),
            // Pods and tunnels of another node in this network namespace are that one's to judge.
            pass('-i', anyWire),
            pass('-i', anyTunnel),
            drop('-o', anyInterface, ...inSet(pools.name, 'src')),
            drop('-o', tunnel, ...inSet(pools.name, 'src')),
            drop('-o', tunnel, ...notRedirected),
          ]),
          chain(own, [
            ...(names.publicReach === 'machine' ? [pass('-i', tunnel, ...answersItself)] : []),
            drop('-i', tunnel),
            drop(...toPort(tunnelPort), ...notInSet(nodes.name, 'src')),
          ]),
        ],
        anchors: [anchor('FORWARD', [], far), anchor('INPUT', [], own)],
      },
    },
  };
}

interface Arrivals {
  readonly chains: readonly Chain[];
  readonly sets: readonly IpSet[];
}

/** What returns from here goes on behind `far`. */
function arrive(
  names: NodeNames,
  family: Family,
  remotes: readonly RemoteNode[],
  outside: readonly (readonly string[])[],
): Arrivals {
  const from = (remote: RemoteNode) => ({
    remote,
    set: ipSet(names, family, 'hash:ip', `remote ${remote.nodeId}`, remote[family]),
  });
  const all = remotes.map(from);
  const known = ({ remote, set }: ReturnType<typeof from>) =>
    pass('-m', 'mac', '--mac-source', remote.tunnel.mac.toUpperCase(), ...inSet(set.name, 'src'));
  // A node itself tells that a packet is too large; it has no address here to tell it from.
  const last = [pass(...icmp[family], ...inState('RELATED')), drop()];
  const entered = outside.map((match) => pass(...match));
  const first = drop('!', '-o', names.anyInterface, ...notRedirected);
  const name = names.chain('arrive');
  const sets = all.map(({ set }) => set);
  if (all.length <= branches) return { chains: [chain(name, [first, ...all.map(known), ...entered, ...last])], sets };

  const groups = [...Map.groupBy(all, ({ remote }) => digitOf(remote.nodeId))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([digit, group]) => ({
      group,
      chain: names.chain(`arrive-${digit}`),
      set: ipSet(
        names,
        family,
        'hash:ip',
        `remotes ${digit}`,
        group.flatMap(({ remote }) => remote[family]),
      ),
    }));
  return {
    chains: [
      chain(name, [
        first,
        ...groups.map((one) => ({ match: inSet(one.set.name, 'src'), target: goto(one.chain) })),
        ...entered,
        ...last,
      ]),
      ...groups.map((one) => chain(one.chain, [...one.group.map(known), ...last])),
    ],
    sets: [...sets, ...groups.map(({ set }) => set)],
  };
}

/** Of its id alone: a node that comes or goes changes its own group only. */
const digitOf = (nodeId: string) => createHash('sha256').update(nodeId).digest('hex').charAt(0);
