/**
 * What a policy may decide about. A connection needs the consent of both ends, and whoever may write the policies of one
 * namespace speaks for that one alone: what lets through ends there, or leaves the platform from there; what shuts has it on
 * either side. True of every pair of a source and a destination, so that no part of a policy decides without it.
 */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { PolicyDefinition, PolicyPeer } from '@atoll/schema/network/spec';

/** Namespaces of the services that a policy names. */
export type ServiceHomes = Readonly<Record<Id<'service'>, Id<'namespace'>>>;

function isOf(namespaceId: Id<'namespace'>, peer: PolicyPeer, homes: ServiceHomes): boolean {
  switch (peer.kind) {
    case 'INSTANCES':
      return peer.namespaceId === namespaceId;
    case 'SERVICE':
      return homes[peer.serviceId] === namespaceId;
    case 'ENVIRONMENT':
    case 'CIDR':
      return false;
    default:
      return peer satisfies never;
  }
}

const sayAllow =
  'An ALLOW leads to instances or services of its own namespace, or from these out of the platform to a CIDR: write it in the ' +
  'namespace that is to be reached.';
const sayDeny =
  'A DENY has instances or services of its own namespace on one of its sides: write it in one of the two.';

/** Null where it has the consent. */
export function withoutConsent(
  namespaceId: Id<'namespace'>,
  { action, from, to }: PolicyDefinition,
  homes: ServiceHomes,
): Rejection | null {
  for (const source of from) {
    for (const [index, destination] of to.entries()) {
      const [own, reached] = [isOf(namespaceId, source, homes), isOf(namespaceId, destination, homes)];
      const fine = action === 'ALLOW' ? reached || (own && destination.kind === 'CIDR') : own || reached;
      if (!fine) {
        return reject('INVALID_ARGUMENT', action === 'ALLOW' ? sayAllow : sayDeny, `definition.to.${index}`);
      }
    }
  }
  return null;
}

/** How many rules it makes at most. */
export const ruleCount = ({ from, to, traffic }: Pick<PolicyDefinition, 'traffic'> & SidesOf): number =>
  from.length * to.length * Math.max(1, traffic.length);

interface SidesOf {
  readonly from: readonly unknown[];
  readonly to: readonly unknown[];
}
