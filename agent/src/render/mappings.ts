/**
 * The outside: ports of public addresses that this node answers for, and what its pods send out of the platform.
 *
 *   PREROUTING  ─ public ── mapping ── target        (not from a pod: from outside, the client's address stays what it is)
 *   POSTROUTING ─ outward   (from a pod to no address of a pool: under an address of the node's own)
 *   INPUT       ─ front     (a public address at a port that leads nowhere: refused, whatever the node itself has there)
 *
 * Where the machine alone reaches public addresses, its own packets are led in `OUTPUT` and no others: what comes from elsewhere is
 * refused. They go from the public address itself, the only one that such a connection has, and are judged by the same rules:
 *
 *   OUTPUT      ─ public ── mapping ── target        (nat)
 *   OUTPUT      ─ to        (filter: what was led so to a pod of this node; policies.ts)
 *
 * A target may be on another node: that one lets in what comes from outside, and answers by way of this one (way-back.ts).
 * The rules of `filter` see the client and the instance with its port: who may connect is decided by policies, and by them alone.
 */
import { createHash } from 'node:crypto';
import type { RuleMapping } from '@atoll/schema/node/network';
import { balance } from './balance.ts';
import { type Chain, chain, goto, inSet, inState, jump, notInSet } from './chain.ts';
import { type Family, familyFacts } from './family.ts';
import type { RuleIntent } from './intent.ts';
import { loopback, type NodeNames } from './names.ts';
import { localSet } from './own.ts';
import { poolSet } from './policies.ts';
import { type IpSet, ipSet } from './set.ts';
import { anchor, type RenderedPart, type TablePart } from './tables.ts';

/** What these rules refuse the machine itself comes back to it by the same way. */
const refusals = {
  ipv4: [
    ['-i', loopback, '-p', 'tcp', '-m', 'tcp', '--tcp-flags', 'RST', 'RST'],
    ['-i', loopback, '-p', 'icmp', '-m', 'icmp', '--icmp-type', '3'],
  ],
  ipv6: [
    ['-i', loopback, '-p', 'tcp', '-m', 'tcp', '--tcp-flags', 'RST', 'RST'],
    ['-i', loopback, '-p', 'ipv6-icmp', '-m', 'icmp6', '--icmpv6-type', '1'],
  ],
} as const satisfies Record<Family, readonly (readonly string[])[]>;

const hex = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The public addresses that the node answers for, of the family. */
export const publicAddresses = (mappings: readonly RuleMapping[], family: Family): string[] => [
  ...new Set(mappings.map(({ address }) => address).filter((one) => one.includes(':') === (family === 'ipv6'))),
];

export function renderMappings(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const { endpoints, mappings: all } = intent.rules;
  const mappings = all.filter(({ address }) => address.includes(':') === (family === 'ipv6'));
  const local = localSet(names, family, endpoints);
  const pools = poolSet(names, intent, family);
  const outward = names.chain('outward');
  const chains: Chain[] = [
    // Without pools nothing is known to be outside.
    chain(
      outward,
      intent.pools === null
        ? []
        : [{ match: [...inSet(local.name, 'src'), ...notInSet(pools.name, 'dst')], target: ['-j', 'MASQUERADE'] }],
    ),
  ];
  const anchors = [anchor('POSTROUTING', ['!', '-o', names.anyInterface], outward)];
  const sets: IpSet[] = [local, pools];
  if (mappings.length === 0) return { sets, tables: { nat: { chains, anchors } } };

  const addresses = ipSet(names, family, 'hash:ip', 'public addresses', publicAddresses(mappings, family), 'owns');
  const open = ipSet(
    names,
    family,
    'hash:ip,port',
    'public ports',
    mappings.map(({ address, protocol, port }) => `${address},${protocol.toLowerCase()}:${port}`),
    'owns',
  );
  const bodies = mappings.flatMap(({ portMappingId, address, protocol, port, targets, affinitySeconds }) => {
    if (targets.length === 0) return [];
    const flag = protocol.toLowerCase();
    const stay = affinitySeconds === undefined ? null : { seconds: affinitySeconds, with: portMappingId };
    const balanced = balance(names, family, portMappingId, { protocol, targets, stay });
    const to = names.chain(`m-${hex(portMappingId)}`);
    chains.push(chain(to, balanced.bodies), ...balanced.chains);
    sets.push(...balanced.sets);
    const match = ['-d', address, '-p', flag, '-m', flag, '--dport', `${port}`];
    return [{ match, target: goto(to), note: portMappingId }];
  });
  const lead = names.chain('public');
  const front = names.chain('front');
  const byMachine = names.publicReach === 'machine';
  chains.push(chain(lead, [{ match: notInSet(open.name, 'dst,dst'), target: ['-j', 'RETURN'] }, ...bodies]));
  const filter: TablePart = {
    chains: [
      chain(front, [
        // Answers to what the machine itself has sent from there.
        ...(byMachine
          ? [inState('ESTABLISHED'), ...refusals[family]].map((match) => ({ match, target: jump('RETURN') }))
          : []),
        {
          match: ['-p', 'tcp', ...inSet(addresses.name, 'dst')],
          target: ['-j', 'REJECT', '--reject-with', 'tcp-reset'],
        },
        { match: inSet(addresses.name, 'dst'), target: ['-j', 'REJECT', '--reject-with', familyFacts[family].refusal] },
      ]),
    ],
    anchors: [
      anchor('INPUT', [], front),
      // Nobody else asks the policies about what the machine sends; it is by the way that it was to go before it was led elsewhere.
      ...(byMachine
        ? [anchor('OUTPUT', ['-o', loopback, ...inState('DNAT'), ...inSet(local.name, 'dst')], names.chain('to'))]
        : []),
    ],
  };
  return {
    sets: [...sets, addresses, open],
    tables: {
      filter,
      nat: {
        chains,
        anchors: [
          ...anchors,
          byMachine
            ? anchor('OUTPUT', ['-o', loopback], lead)
            : anchor('PREROUTING', ['!', '-i', names.anyInterface], lead),
        ],
      },
    },
  };
}
