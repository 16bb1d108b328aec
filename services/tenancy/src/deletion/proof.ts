/** The counts of every service as the last event of a deletion carries them. */
import type { Count } from '@atoll/schema/remains';
import type { Proof } from '@atoll/schema/tenancy/deletion';
import type { Left } from '../domain/deletion-steps.ts';

/** Throws where a service hasn't answered: nothing is proven then. */
export function proofOf(left: Left, position: number): readonly Proof[] {
  const { deploy, network, read } = left;
  if (!deploy.ok || !network.ok || !read.ok) throw new Error('A service has not counted what it has left.');
  const own: readonly Count[] = [
    { kind: 'namespaces', count: left.namespaces.length },
    { kind: 'environments', count: left.environments.length },
    { kind: 'bindings', count: left.bindings.length },
    { kind: 'promotions', count: left.promotions.length },
    { kind: 'claims', count: left.held.length },
    { kind: 'dataKeys', count: left.subjects.length },
    { kind: 'tenants', count: Number(left.target) },
  ];
  return [
    { service: 'tenancy', position, counts: [...own] },
    { service: 'deploy', position: deploy.position, counts: deploy.remains.counts },
    { service: 'network', position: network.position, counts: network.remains.counts },
    { service: 'read', position: null, counts: [...read.remains] },
  ];
}
