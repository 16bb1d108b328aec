/** Which parts of the intent an event is about. They are read as they are now: what exactly has happened doesn't matter. */
import type { NetworkRecord } from './record.ts';

export const refKinds = ['endpoint', 'policy', 'namespace', 'service', 'tenant', 'subnets'] as const;
/** `namespace`: with its endpoints. `subnets`: those of the namespace. `tenant`: everything of it. */
export type RefKind = (typeof refKinds)[number];
export interface IntentRef {
  readonly kind: RefKind;
  readonly id: string;
}

/** Told a lot, and nothing that rules follow from. */
const passive: ReadonlySet<NetworkRecord['type']> = new Set([
  'EndpointRefused',
  'EndpointSecured',
  'PolicyEnforced',
  'PlatformPolicyEnforced',
  'IsolationPolicyLabelsSet',
  'ServiceLabelsSet',
]);
/** Of services only: the policies don't ask who is ready. */
const notOfPolicies: ReadonlySet<NetworkRecord['type']> = new Set([
  'EndpointServing',
  'EndpointWithdrawn',
  'EndpointDrained',
]);
/** Whether it may change the rules of any node. */
export const isCompiled = ({ type }: NetworkRecord): boolean => !passive.has(type);

const kinds: { readonly [stream: string]: RefKind } = {
  endpoint: 'endpoint',
  policy: 'policy',
  platformPolicy: 'policy',
  namespace: 'namespace',
  service: 'service',
  tenant: 'tenant',
};

/** Null where the event changes nothing of it. */
export function intentRef({ type, stream, data }: NetworkRecord): IntentRef | null {
  if (passive.has(type) || notOfPolicies.has(type)) return null;
  const [prefix = '', id = ''] = stream.split(':');
  if (prefix === 'subnet') return 'namespaceId' in data ? { kind: 'subnets', id: data.namespaceId } : null;
  const kind = kinds[prefix];
  return kind === undefined ? null : { kind, id };
}
