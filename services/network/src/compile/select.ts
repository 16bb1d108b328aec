/** Which endpoints a policy is about. */
import type { Labels } from '@atoll/schema/text';
import type { CompiledEndpoint, CompiledPolicy } from './model.ts';

/** Carries all of these labels. */
export const hasLabels = (has: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([key, value]) => Object.hasOwn(has, key) && has[key] === value);

export type ByNamespace = ReadonlyMap<string, readonly CompiledEndpoint[]>;

/** The tenant is in the key: a policy never reaches an endpoint of another tenant, whatever ids it names. */
const keyOf = (tenant: string, namespaceId: string) => `${tenant}/${namespaceId}`;

export const byNamespace = (endpoints: readonly CompiledEndpoint[]): ByNamespace =>
  Map.groupBy(endpoints, ({ tenant, namespaceId }) => keyOf(tenant, namespaceId));

/** Who may open connections by a policy, and to whom. */
export interface Matched {
  readonly sources: readonly CompiledEndpoint[];
  readonly destinations: readonly CompiledEndpoint[];
}

export function matched(policy: CompiledPolicy, endpoints: ByNamespace): Matched {
  const { tenant, namespaceId, spec } = policy;
  const select = (namespace: string, labels: Labels) =>
    (endpoints.get(keyOf(tenant, namespace)) ?? []).filter((endpoint) => hasLabels(endpoint.labels, labels));
  return {
    sources: select(spec.from.namespaceId, spec.from.labels),
    destinations: select(namespaceId, spec.to.labels),
  };
}
