/**
 * What of policies may not be what was meant: what they name and nobody is, and what others decide before them. Instances come and go, and
 * so do policies: it is told, and no reason to refuse.
 */
import type { Id, Tenant } from '@atoll/schema/ids';
import type { PolicyWarning } from '@atoll/schema/network/policies';
import type { PolicyDefinition, PolicyPeer } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';
import type { Pool } from 'pg';
import { type Places, type Rival, shadowsOf } from '../compile/shadow.ts';

export interface WarnedPolicy extends Rival {
  /** Null where it isn't known (yet): nothing is compared then. */
  readonly namespaceId: Id<'namespace'> | null;
}

/** Policies of a namespace that are compared with: those that decide first. */
const mostRivals = 1000;

const spokenSide = { from: 'source', to: 'destination' } as const;
const shown = (labels: Labels) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');

type InstancePeer = Exclude<PolicyPeer, { kind: 'CIDR' }>;
interface Named {
  readonly side: keyof typeof spokenSide;
  readonly index: number;
  readonly peer: InstancePeer;
}

const namedIn = ({ from, to }: PolicyDefinition): Named[] =>
  Object.entries({ from, to }).flatMap(([side, peers]) =>
    peers.flatMap((peer, index) =>
      peer.kind === 'CIDR' ? [] : [{ side: side === 'from' ? ('from' as const) : ('to' as const), index, peer }],
    ),
  );

function aboutOf(peer: InstancePeer) {
  switch (peer.kind) {
    case 'INSTANCES':
      return { about: peer.namespaceId, labels: peer.labels, where: 'namespace' };
    case 'ENVIRONMENT':
      return { about: peer.environmentId, labels: peer.labels, where: 'environment' };
    case 'SERVICE':
      return { about: peer.serviceId, labels: {}, where: 'service' };
    default:
      return peer satisfies never;
  }
}
const spelled = (peer: InstancePeer) => JSON.stringify(Object.entries(peer).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Those of the peers that select no instance of the tenant now. */
async function emptyOf(db: Pool, tenant: Tenant, peers: readonly InstancePeer[]): Promise<ReadonlySet<string>> {
  const distinct = [...new Map(peers.map((peer) => [spelled(peer), peer])).entries()];
  if (distinct.length === 0) return new Set();
  const asked = distinct.map(([key, peer]) => ({ key, kind: peer.kind, ...aboutOf(peer) }));
  const { rows } = await db.query<{ key: string }>(
    `select p.key from jsonb_to_recordset($2) p (key text, kind text, about text, labels jsonb)
     left join network.service s on p.kind = 'SERVICE' and s.service_id = p.about and s.tenant = $1
     where not exists (
       select from network.deploy_instance i
       join network.namespace n on n.namespace_id = i.namespace_id and n.tenant = $1
       where i.tenant = $1 and i.wanted and i.labels @> coalesce(s.selector, p.labels)
         and case p.kind when 'INSTANCES' then n.namespace_id = p.about when 'ENVIRONMENT' then n.environment_id = p.about
           else n.namespace_id = s.namespace_id end)`,
    [tenant, JSON.stringify(asked)],
  );
  return new Set(rows.map((row) => row.key));
}

function whyEmpty(peer: InstancePeer): string {
  const { labels, where } = aboutOf(peer);
  if (peer.kind === 'SERVICE') return 'there is no instance behind the service now';
  if (Object.keys(labels).length === 0) return `there is no instance in the ${where} now`;
  return `no instance of the ${where} carries ${shown(labels)} now`;
}

/** Of the namespaces of the policies: those that decide always. */
async function rivalsOf(db: Pool, tenant: Tenant, namespaces: readonly string[]): Promise<Map<string, Rival[]>> {
  const { rows } = await db.query<Rival & { readonly namespaceId: string }>(
    `select policy_id as "policyId", namespace_id as "namespaceId", definition from (
       select *, row_number() over (partition by namespace_id order by priority, policy_id) as place
       from network.policy
       where tenant = $1 and tier = 'TENANT' and namespace_id = any($2) and active and schedule is null) ranked
     where place <= $3`,
    [tenant, namespaces, mostRivals],
  );
  return Map.groupBy(rows, (row) => row.namespaceId);
}

async function placesOf(db: Pool, tenant: Tenant, definitions: readonly PolicyDefinition[]): Promise<Places> {
  const peers = definitions.flatMap((one) => namedIn(one).map(({ peer }) => peer));
  const services = await db.query<{ id: string; namespaceId: string; labels: Labels }>(
    `select service_id as id, namespace_id as "namespaceId", selector as labels
     from network.service where tenant = $1 and service_id = any($2)`,
    [tenant, [...new Set(peers.flatMap((peer) => (peer.kind === 'SERVICE' ? [peer.serviceId] : [])))]],
  );
  const named = peers.flatMap((peer) => (peer.kind === 'INSTANCES' ? [peer.namespaceId] : []));
  const namespaces = await db.query<{ id: string; environmentId: string | null }>(
    `select namespace_id as id, environment_id as "environmentId"
     from network.namespace where tenant = $1 and namespace_id = any($2)`,
    [tenant, [...new Set([...named, ...services.rows.map((row) => row.namespaceId)])]],
  );
  const environments = new Map(namespaces.rows.map((row) => [row.id, row.environmentId]));
  const byId = new Map(services.rows.map(({ id, namespaceId, labels }) => [id, { namespaceId, labels }]));
  return {
    environmentOf: (id) => environments.get(id) ?? null,
    serviceOf: (id) => byId.get(id) ?? null,
  };
}

/** Of several so many are named. */
const mostNamed = 5;

function spokenShadows(shadows: readonly Rival[]): string {
  const named = shadows
    .slice(0, mostNamed)
    .map(
      ({ policyId, definition: { action, priority } }) =>
        `${policyId}, which says ${action} with priority ${priority},`,
    );
  const others = shadows.length - named.length;
  const all = [...named, ...(others > 0 ? [`${others} more`] : [])];
  return shadows.length === 1 ? `${all.join('')} decides` : `${all.join(' and ')} together decide`;
}

/** In the order of `policies`, as the local tables have it. */
export async function warningsOf(
  db: Pool,
  tenant: Tenant,
  policies: readonly WarnedPolicy[],
): Promise<readonly (readonly PolicyWarning[])[]> {
  const empty = await emptyOf(
    db,
    tenant,
    policies.flatMap(({ definition }) => namedIn(definition).map(({ peer }) => peer)),
  );
  const rivals = await rivalsOf(db, tenant, [...new Set(policies.flatMap((one) => one.namespaceId ?? []))]);
  const compared = [...policies, ...[...rivals.values()].flat()].map((one) => one.definition);
  const places = await placesOf(db, tenant, compared);
  return policies.map((policy) => {
    const nobody = namedIn(policy.definition).flatMap(({ side, index, peer }): PolicyWarning[] => {
      if (!empty.has(spelled(peer))) return [];
      const message = `The ${spokenSide[side]} ${index + 1} selects nothing: ${whyEmpty(peer)}. It is as if it weren't named until there is one.`;
      return [{ code: 'SELECTS_NOTHING', message, about: aboutOf(peer).about }];
    });
    const shadows = shadowsOf(policy, rivals.get(policy.namespaceId ?? '') ?? [], places);
    if (shadows.length === 0) return nobody;
    const message = `It decides nothing: ${spokenShadows(shadows)} before it about all that it is about.`;
    return [...nobody, { code: 'SHADOWED', message, about: null }];
  });
}

/** Of policies of the tenant that are there; by policy id. */
export async function askWarnings(db: Pool, tenant: Id<'tenant'>, policyIds: readonly Id<'policy'>[]) {
  const { rows } = await db.query<WarnedPolicy>(
    `select policy_id as "policyId", namespace_id as "namespaceId", definition
     from network.policy where tenant = $1 and tier = 'TENANT' and policy_id = any($2) order by policy_id`,
    [tenant, policyIds],
  );
  const all = await warningsOf(db, tenant, rows);
  const policies = rows.map(({ policyId }, at) => ({ policyId, warnings: [...(all[at] ?? [])] }));
  return { ok: true, told: { policies } } as const;
}
