/** What the compiler is given: the intent, as the tables hold it. What a suspended tenant has decided isn't in it. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyDefinition, PolicyPeer } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';

export interface CompiledEndpoint {
  readonly instanceId: Id<'instance'>;
  readonly tenant: string;
  readonly namespaceId: Id<'namespace'>;
  /** Null where it isn't known: no peer ENVIRONMENT means it then. */
  readonly environmentId: Id<'environment'> | null;
  readonly subnetId: Id<'subnet'>;
  readonly nodeId: Id<'node'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly labels: Labels;
  /** Its tenant is suspended: it is no peer of any policy, the platform's included, and nothing is allowed to it. */
  readonly isolated: boolean;
}

/** What one side of a policy names. ALL and TENANT are the platform's. */
export type CompiledPeer =
  | PolicyPeer
  | { readonly kind: 'ALL' }
  | { readonly kind: 'TENANT'; readonly tenantId: Id<'tenant'> };

export type CompiledDefinition = Omit<PolicyDefinition, 'from' | 'to'> & {
  readonly from: readonly CompiledPeer[];
  readonly to: readonly CompiledPeer[];
};

export interface CompiledPolicy {
  readonly policyId: Id<'policy'> | Id<'platformPolicy'>;
  readonly tier: 'PLATFORM' | 'TENANT';
  /** Null for the platform's. What a tenant's policy names of other tenants isn't followed. */
  readonly tenant: string | null;
  readonly namespaceId: Id<'namespace'> | null;
  readonly revision: number;
  readonly definition: CompiledDefinition;
}

/** A namespace whose isolation level opens something by itself. */
export interface CompiledNamespace {
  readonly namespaceId: Id<'namespace'>;
  readonly tenant: string;
  readonly level: 'NAMESPACE' | 'SUBNET' | 'RULE' | 'HOST';
  readonly subnetIds: readonly Id<'subnet'>[];
}

/** Which instances are behind a service, for policies that name it. */
export interface CompiledService {
  readonly serviceId: Id<'service'>;
  readonly tenant: string;
  readonly namespaceId: Id<'namespace'>;
  readonly labels: Labels;
}

export interface Intent {
  readonly endpoints: readonly CompiledEndpoint[];
  readonly policies: readonly CompiledPolicy[];
  readonly namespaces: readonly CompiledNamespace[];
  readonly services: readonly CompiledService[];
}
