/**
 * What a rule set says about one packet, without sending it: the meaning that the rendered chains must have. Pure.
 * Used to find connections that are forbidden by now, and as the answer of the simulated runtime.
 */
import type { RuleSet } from '@atoll/schema/node/network';
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

export function createJudge(rules: RuleSet): Judge {
  const chains = new Map(rules.chains.map((chain) => [chain.name, chain]));
  const byFamily = (family: Family) => ({
    endpoints: new Map(rules.endpoints.map((endpoint) => [canonicalMember(endpoint[family]), endpoint])),
    sets: new Map(rules.sets.map((set) => [set.name, new Set(set[family].map(canonicalMember))])),
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
    return rulesOf.some(
      (rule) =>
        rule.protocol === flow.protocol &&
        rule.ports.from <= flow.port &&
        flow.port <= rule.ports.to &&
        (sets.get(rule.set)?.has(peer) ?? false),
    );
  }

  return {
    allows: (flow) => passes('egress', flow) && passes('ingress', flow),
    isEndpoint: (family, address) => indexed[family].endpoints.has(canonicalMember(address)),
  };
}
