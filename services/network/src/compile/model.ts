/** What the compiler is given: endpoints and policies as the tables hold them. */
import type { Id } from '@atoll/schema/ids';
import type { PolicySpec } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';

export interface CompiledEndpoint {
  readonly instanceId: Id<'instance'>;
  readonly tenant: string;
  readonly namespaceId: Id<'namespace'>;
  readonly nodeId: Id<'node'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly labels: Labels;
}

export interface CompiledPolicy {
  readonly policyId: Id<'policy'>;
  readonly tenant: string;
  readonly namespaceId: Id<'namespace'>;
  readonly revision: number;
  readonly spec: PolicySpec;
}
