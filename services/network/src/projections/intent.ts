/** The intent as the tables have it now: all of it, or what some events are about. */
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import type { CompiledEndpoint, CompiledNamespace, CompiledPolicy, CompiledService } from '../compile/model.ts';
import { type IntentRef, type RefKind, refKinds } from './intent-refs.ts';

/** Null: whatever the id. */
type Ids = { readonly [K in RefKind]: readonly string[] } | null;

/** With what else it is found by. */
interface Read {
  readonly endpoints: readonly CompiledEndpoint[];
  readonly policies: readonly (CompiledPolicy & { readonly owner: string; readonly active: boolean })[];
  readonly namespaces: readonly (CompiledNamespace & { readonly isolated: boolean })[];
  readonly services: readonly CompiledService[];
}

const isolated = (row: string) => `exists (select from network.isolated_tenant i where i.tenant = ${row}.tenant)`;

async function readEndpoints(tx: PoolClient, ids: Ids): Promise<Read['endpoints']> {
  const columns = `e.instance_id as "instanceId", e.tenant, e.namespace_id as "namespaceId", n.environment_id as "environmentId",
    e.subnet_id as "subnetId", e.node_id as "nodeId", e.ipv4, e.ipv6, e.labels, ${isolated('e')} as isolated`;
  const from = `from network.endpoint e left join network.namespace n on n.namespace_id = e.namespace_id`;
  if (ids === null) {
    return (await tx.query<CompiledEndpoint>(`select ${columns} ${from} where e.status <> 'refused'`)).rows;
  }
  const { rows } = await tx.query<CompiledEndpoint>(
    `select ${columns} ${from} where e.status <> 'refused'
       and (e.instance_id = any($1) or e.namespace_id = any($2) or e.tenant = any($3))`,
    [ids.endpoint, ids.namespace, ids.tenant],
  );
  return rows;
}

interface PolicyRow extends Omit<CompiledPolicy, 'tenant'> {
  readonly owner: string;
  readonly active: boolean;
}

async function readPolicies(tx: PoolClient, ids: Ids): Promise<Read['policies']> {
  const { rows } = await tx.query<PolicyRow>(
    `select policy_id as "policyId", tier, tenant as owner, namespace_id as "namespaceId", revision, definition,
       active and not ${isolated('p')} as active
     from network.policy p where $1 or policy_id = any($2) or tenant = any($3)`,
    [ids === null, ids?.policy ?? [], ids?.tenant ?? []],
  );
  return rows.map((row) => ({ ...row, tenant: row.tier === 'PLATFORM' ? null : row.owner }));
}

async function readNamespaces(tx: PoolClient, ids: Ids): Promise<Read['namespaces']> {
  const { rows } = await tx.query<Read['namespaces'][number]>(
    `select namespace_id as "namespaceId", tenant, isolation as level, ${isolated('n')} as isolated,
       array(select subnet_id from network.subnet s where s.namespace_id = n.namespace_id) as "subnetIds"
     from network.namespace n where $1 or namespace_id = any($2) or tenant = any($3)`,
    [ids === null, [...(ids?.namespace ?? []), ...(ids?.subnets ?? [])], ids?.tenant ?? []],
  );
  return rows;
}

async function readServices(tx: PoolClient, ids: Ids): Promise<Read['services']> {
  const { rows } = await tx.query<CompiledService>(
    `select service_id as "serviceId", tenant, namespace_id as "namespaceId", selector as labels
     from network.service where $1 or service_id = any($2)`,
    [ids === null, ids?.service ?? []],
  );
  return rows;
}

const readAll = async (tx: PoolClient, ids: Ids): Promise<Read> => ({
  endpoints: await readEndpoints(tx, ids),
  policies: await readPolicies(tx, ids),
  namespaces: await readNamespaces(tx, ids),
  services: await readServices(tx, ids),
});

function tellOf(compiler: Compiler, { endpoints, policies, namespaces, services }: Read): void {
  for (const service of services) compiler.service(service.serviceId, service);
  for (const { owner: _, active, ...policy } of policies) compiler.policy(policy.policyId, active ? policy : null);
  for (const { isolated, ...one } of namespaces) compiler.namespace(one.namespaceId, isolated ? null : one);
  for (const endpoint of endpoints) compiler.endpoint(endpoint.instanceId, endpoint);
}

/** Everything that there is, to a compiler that knows nothing. */
export async function tellEverything(tx: PoolClient, compiler: Compiler): Promise<void> {
  tellOf(compiler, await readAll(tx, null));
}

/** Reads once for all events; `tell` says what one of them is about. */
export async function readIntent(
  tx: PoolClient,
  refs: readonly IntentRef[],
): Promise<{ tell(compiler: Compiler, ref: IntentRef): void }> {
  const of = (kind: RefKind) => [...new Set(refs.flatMap((ref) => (ref.kind === kind ? [ref.id] : [])))];
  const ids = Object.fromEntries(refKinds.map((kind) => [kind, of(kind)])) as { [K in RefKind]: string[] };
  const read = await readAll(tx, ids);
  const endpoints = new Map(read.endpoints.map((one): [string, CompiledEndpoint] => [one.instanceId, one]));
  const policies = new Map(read.policies.map((one): [string, Read['policies'][number]] => [one.policyId, one]));
  const namespaces = new Map(
    read.namespaces.map((one): [string, Read['namespaces'][number]] => [one.namespaceId, one]),
  );
  const services = new Map(read.services.map((one): [string, CompiledService] => [one.serviceId, one]));
  const nobody: Read = { endpoints: [], policies: [], namespaces: [], services: [] };

  function tell(compiler: Compiler, { kind, id }: IntentRef): void {
    switch (kind) {
      case 'endpoint':
        compiler.endpoint(id, endpoints.get(id) ?? null);
        return;
      case 'policy': {
        const found = policies.get(id);
        if (found) tellOf(compiler, { ...nobody, policies: [found] });
        else compiler.policy(id, null);
        return;
      }
      case 'service':
        compiler.service(id, services.get(id) ?? null);
        return;
      case 'namespace':
      case 'subnets': {
        const found = namespaces.get(id);
        if (found) tellOf(compiler, { ...nobody, namespaces: [found] });
        else compiler.namespace(id, null);
        const own = kind === 'subnets' ? [] : read.endpoints.filter((one) => one.namespaceId === id);
        tellOf(compiler, { ...nobody, endpoints: own });
        return;
      }
      case 'tenant':
        tellOf(compiler, {
          endpoints: read.endpoints.filter((one) => one.tenant === id),
          policies: read.policies.filter((one) => one.owner === id),
          namespaces: read.namespaces.filter((one) => one.tenant === id),
          services: [],
        });
        return;
      default:
        kind satisfies never;
    }
  }
  return { tell };
}
