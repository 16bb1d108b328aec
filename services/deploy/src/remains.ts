/** What is left here of a tenant, of namespaces or of a deployment: counted in the tables once they have every event. */
import type { Finding, Remains, RemainsScope } from '@atoll/schema/remains';
import { namespacesOf } from '@atoll/schema/remains';
import type { Pool } from 'pg';

const FINDINGS = 20;
const NODES = 5;

interface Row {
  readonly deployments: number;
  readonly instances: number;
  readonly namespaces: number;
  readonly claims: number;
  readonly rules: number;
  readonly proven: number;
  readonly digest: string;
  readonly nodes: readonly string[];
  readonly changing: readonly { readonly id: string; readonly name: string }[];
}

/** $1 tenant, $2 its namespaces or null for all, $3 one deployment or null, $4 whose environments: all, one's id, or null for none. */
const inScope = (row: string) =>
  `${row}.tenant = $1 and ($2::text[] is null or ${row}.namespace_id = any($2))
   and ($3::text is null or ${row}.deployment_id = $3)`;

const sql = `
  with deployments as (select * from deploy.deployment d where ${inScope('d')}),
    instances as (select * from deploy.instance i where ${inScope('i')}),
    namespaces as (
      select namespace_id from deploy.namespace n
      where n.tenant = $1 and n.status <> 'DRAINED' and ($2::text[] is null or n.namespace_id = any($2))
        and $3::text is null
    ),
    environments as (
      select environment_id from deploy.environment e
      where e.tenant = $1 and $4::text = 'all'
      -- One that is named is looked for whether or not it is known still.
      union select $4 where $4 <> 'all'
        and not exists (select from deploy.environment other where other.environment_id = $4 and other.tenant <> $1)
    )
  select
    (select count(*)::integer from deployments) as deployments,
    (select count(*)::integer from instances) as instances,
    (select count(*)::integer from namespaces) as namespaces,
    (select count(*)::integer from deploy.claim_amount c
      where c.key = $1 and c.amount > 0 and c.claim_set = any(array['tenant-cpu', 'tenant-memory', 'tenant-instances'])
        and $2::text[] is null and $3::text is null) as claims,
    (select count(*)::integer from deploy.claim_unique c
      where c.claim_set = 'image-rules' and c.owner in (select environment_id from environments)) as rules,
    (select count(*)::integer from deploy.image_ran r
      where r.environment_id in (select environment_id from environments)) as proven,
    (select coalesce(md5(string_agg(deployment_id, ' ' order by deployment_id)), '') from deployments) as digest,
    array(
      select distinct coalesce(n.name, i.node_id) from instances i left join deploy.node n using (node_id)
      where i.stopping is not null order by 1
    ) as nodes,
    (select coalesce(json_agg(json_build_object('id', deployment_id, 'name', name)), '[]'::json) from (
      select deployment_id, name from deployments
      where not deleting and version > settled_version order by deployment_id limit ${FINDINGS}
    ) changing) as changing`;

const waitingFor = (nodes: readonly string[]): string | null => {
  if (nodes.length === 0) return null;
  const more = nodes.length > NODES ? ` and ${nodes.length - NODES} more` : '';
  return `nodes to stop what they run: ${nodes.slice(0, NODES).join(', ')}${more}`;
};

const changingNow = ({ id, name }: Row['changing'][number]): Finding => ({
  code: 'ROLLING_OUT',
  message: `The deployment "${name}" is being changed: its rollout ends with the deletion.`,
  resourceId: id,
});

function environmentsOf(scope: RemainsScope): string | null {
  switch (scope.kind) {
    case 'tenant':
      return 'all';
    case 'environment':
      return scope.environmentId;
    case 'namespace':
    case 'deployment':
      return null;
    default:
      return scope satisfies never;
  }
}

export async function readRemains(pool: Pool, tenant: string, scope: RemainsScope): Promise<Remains> {
  const deployment = scope.kind === 'deployment' ? scope.deploymentId : null;
  const { rows } = await pool.query<Row>({
    name: 'deploy-read-remains',
    text: sql,
    values: [tenant, namespacesOf(scope), deployment, environmentsOf(scope)],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('The count of what is left has no row.');
  const { deployments, instances, namespaces, claims, rules, proven, digest, nodes, changing } = row;
  return {
    counts: [
      { kind: 'deployments', count: deployments },
      { kind: 'instances', count: instances },
      ...(scope.kind === 'deployment' ? [] : [{ kind: 'namespaces', count: namespaces }]),
      ...(scope.kind === 'tenant' ? [{ kind: 'claims', count: claims }] : []),
      // They go with their environment, and so after everything else of it.
      ...(environmentsOf(scope) === null
        ? []
        : [
            { kind: 'imageRules', count: rules },
            { kind: 'provenImages', count: proven },
          ]),
    ],
    digest,
    waitingFor: waitingFor(nodes),
    findings: changing.map(changingNow),
  };
}
