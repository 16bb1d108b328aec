/**
 * How a closed namespace is emptied: containers, addresses, rules, what leads in from outside, policies and services, subnets, in that order. A step is begun only
 * when nothing of the one before is left, so that no range is given back while a rule can still contain it.
 */
import type { Id } from '@atoll/schema/ids';

/** Everything that is left of a closed namespace, read at one moment. */
export interface Remains {
  /** The deploy service has said that no instance is left. */
  readonly deployDrained: boolean;
  /** Instances that were placed in it and whose endpoint isn't released. */
  readonly endpoints: number;
  /** Reachable nodes whose rules in force may still contain its addresses. */
  readonly nodes: readonly Id<'node'>[];
  readonly policies: readonly Id<'policy'>[];
  readonly services: readonly Id<'service'>[];
  readonly subnets: readonly Id<'subnet'>[];
  /** That lead into it, or are on an address of it. */
  readonly mappings: readonly Id<'portMapping'>[];
  readonly publicAddresses: readonly Id<'publicAddress'>[];
}

export type DrainingStep =
  | { readonly kind: 'wait'; readonly for: string }
  /** Delete the mappings, release the public addresses, delete the policies and the services, release the subnets; then it is drained. */
  | ({ readonly kind: 'remove' } & Pick<Remains, 'mappings' | 'publicAddresses' | 'policies' | 'services' | 'subnets'>);

/** First match wins: the blocker is named. */
const blockers: readonly ((remains: Remains) => string | null)[] = [
  ({ deployDrained }) => (deployDrained ? null : 'the deploy service to remove its instances'),
  ({ endpoints }) => (endpoints === 0 ? null : `${endpoints} addresses to be released`),
  ({ nodes }) => (nodes.length === 0 ? null : `nodes to apply the rules without it: ${nodes.join(', ')}`),
];

export function nextStep(remains: Remains): DrainingStep {
  for (const blocker of blockers) {
    const blocked = blocker(remains);
    if (blocked !== null) return { kind: 'wait', for: blocked };
  }
  const { mappings, publicAddresses, policies, services, subnets } = remains;
  return { kind: 'remove', mappings, publicAddresses, policies, services, subnets };
}
