/** Who takes part: the operator, a new tenant with its admin, and a neighbour to be kept apart from. */
import { randomBytes } from 'node:crypto';
import { type Atoll, createAtoll } from '@atoll/sdk/client';
import type { EnvironmentKind } from '@atoll/sdk/generated/operations';
import type { Namespace, Subnet, Tenant } from '@atoll/sdk/generated/resources';
import { collect, pages } from '@atoll/sdk/pages';
import type { Ready } from '../platform/ready.ts';
import { eventually } from './watch.ts';

/** Each run has names of its own, so that it can be repeated, and run beside itself. */
export const suffix = randomBytes(4).toString('hex');

export function operatorOf(ready: Ready): Atoll {
  const { graphqlUrl: url, subscriptionsUrl } = ready;
  return createAtoll({ url, subscriptionsUrl, token: ready.tokens.operator });
}

/** The operator makes a tenant and, once, a way in for its admin. */
export async function createTenant(
  ready: Ready,
  operator: Atoll,
  name: string,
): Promise<{ readonly tenant: Tenant; readonly admin: Atoll }> {
  const { tenant } = await operator.mutate.createTenant({ name });
  const credentials = await operator.mutate.createServiceAccount({ tenantId: tenant.id, name: 'admin', role: 'ADMIN' });
  const { graphqlUrl: url, subscriptionsUrl } = ready;
  return { tenant, admin: createAtoll({ url, subscriptionsUrl, clientCredentials: credentials }) };
}

export interface Place {
  readonly namespace: Namespace;
  readonly subnet: Subnet;
}

export const ACTIVE_MS = 15_000;

/** A namespace, once it is ACTIVE: it then has its subnet, and rules that let nothing through. */
export async function createNamespace(atoll: Atoll, environmentId: string, name: string): Promise<Place> {
  const { namespace } = await atoll.mutate.createNamespace({ environmentId, name });
  return await eventually(`namespace ${name} is active`, ACTIVE_MS, async () => {
    const now = await atoll.query.namespace({ id: namespace.id });
    if (now?.status !== 'ACTIVE') return undefined;
    const page = await atoll.query.namespaceSubnets({ id: namespace.id });
    const subnet = page?.nodes[0];
    return subnet === undefined ? undefined : { namespace: now, subnet };
  });
}

export async function createEnvironment(atoll: Atoll, name: string, kind: EnvironmentKind): Promise<string> {
  return (await atoll.mutate.createEnvironment({ name, kind })).environment.id;
}

/** The neighbour is a seeded tenant, which has its environment from an earlier run, or gets it now. */
export async function neighbourOf(
  ready: Ready,
): Promise<{ readonly name: string; readonly admin: Atoll; readonly environmentId: string }> {
  const [seeded] = ready.tokens.tenants;
  if (seeded === undefined) throw new Error('ready.json names no seeded tenant to be the neighbour');
  const { graphqlUrl: url, subscriptionsUrl } = ready;
  const admin = createAtoll({ url, subscriptionsUrl, token: seeded.admin });
  const all = await collect(pages((after) => admin.query.environments({ first: 100, after })));
  const environmentId =
    all.find((e) => e.name === 'examples')?.id ?? (await createEnvironment(admin, 'examples', 'TEST'));
  return { name: seeded.name, admin, environmentId };
}
