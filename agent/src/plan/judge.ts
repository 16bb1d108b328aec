/**
 * What a rule set says about one packet, without sending it: the meaning that the rendered chains must have. Pure.
 * Used to find connections that are forbidden by now, and as the answer of the simulated runtime.
 */
import type { AddressSet, DesiredNetwork, PolicyRule } from '@atoll/schema/node/network';
import ipaddr from 'ipaddr.js';
import type { Direction } from '../render/dispatch.ts';
import type { Family } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';

export interface Flow {
  readonly family: Family;
  readonly protocol: 'TCP' | 'UDP';
  readonly source: string;
  readonly destination: string;
  /** Of the destination. */
  readonly port: number;
}

export interface Judge {
  /** Whether the node lets it begin: each end that is an endpoint of this node has its say. */
  allows(flow: Flow): boolean;
  isEndpoint(family: Family, address: string): boolean;
}

type Ruled = Pick<DesiredNetwork, 'rules' | 'pools'>;

const matchesAny = (address: string, networks: readonly string[]) => {
  const parsed = ipaddr.parse(address);
  return networks.some((network) => parsed.match(ipaddr.parseCIDR(network)));
};

function membership(set: AddressSet, family: Family, pools: Ruled['pools']): (address: string) => boolean {
  if (set.kind === 'networks')
    return (address) => matchesAny(address, set[family]) && !matchesAny(address, pools[family]);
  const members = new Set(set[family].map(canonicalMember));
  return (address) => members.has(address);
}

export function createJudge({ rules, pools }: Ruled): Judge {
  const chains = new Map(rules.chains.map((chain) => [chain.name, chain]));
  const byFamily = (family: Family) => ({
    endpoints: new Map(rules.endpoints.map((endpoint) => [canonicalMember(endpoint[family]), endpoint])),
    sets: new Map(rules.sets.map((set) => [set.name, membership(set, family, pools)])),
  });
  const indexed = { ipv4: byFamily('ipv4'), ipv6: byFamily('ipv6') };

  function passes(direction: Direction, flow: Flow): boolean {
    const { endpoints, sets } = indexed[flow.family];
    const outgoing = direction === 'egress';
    const own = canonicalMember(outgoing ? flow.source : flow.destination);
    const peer = canonicalMember(outgoing ? flow.destination : flow.source);
    const endpoint = endpoints.get(own);
    if (endpoint === undefined) return true;
    const rulesOf = chains.get(endpoint[direction] ?? '')?.rules ?? [];
    const decides = (rule: PolicyRule) =>
      (rule.protocol === null || rule.protocol === flow.protocol) &&
      (rule.ports === null || (rule.ports.from <= flow.port && flow.port <= rule.ports.to)) &&
      (sets.get(rule.set)?.(peer) ?? false);
    return rulesOf.find(decides)?.action === 'ALLOW';
  }

  return {
    allows: (flow) => passes('egress', flow) && passes('ingress', flow),
    isEndpoint: (family, address) => indexed[family].endpoints.has(canonicalMember(address)),
  };
}
