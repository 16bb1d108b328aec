/**
 * Whether a rule set lets a connection begin on this node: what the schema says that its rules mean, at each end that is here.
 * Used to find connections that are forbidden by now, and as the answer of the simulated runtime.
 */
import { type Family, type Flow, type Ruled, readRules } from '@atoll/schema/node/decide';

export interface Judge {
  /** Whether the node lets it begin: each end that is an endpoint of this node has its say. */
  allows(flow: Flow): boolean;
  isEndpoint(family: Family, address: string): boolean;
}

export function createJudge(ruled: Ruled): Judge {
  const rules = readRules(ruled);
  return {
    allows: (flow) => rules.egress(flow).allowed && rules.ingress(flow).allowed,
    isEndpoint: (family, address) => rules.endpoint(family, address) !== undefined,
  };
}
