/** Instances whose logs are asked for, those that are gone among them, and the nodes that have them. All under the tenant. */
import type { Id } from '@atoll/schema/ids';
import { endedLogsKeptMs } from '@atoll/schema/node/logs';
import { z } from 'zod';
import type { Reader } from '../read/reader.ts';

export interface LogTarget {
  readonly instanceId: Id<'instance'>;
  readonly nodeId: Id<'node'>;
  /** Nothing will be written any more. */
  readonly ended: boolean;
}

/** One that is asked for by its own id. */
export interface InstanceTarget extends LogTarget {
  readonly namespaceId: string;
  /** Names, the main one first: of its release, or, once it is gone, of the newest of its deployment. Empty where that is gone, too. */
  readonly processes: readonly string[];
}

/** Of a deployment, read or followed at once. */
export const mostInstances = 50;
/** That are known to be there. */
const mostKnown = 1000;

export interface LogTargets {
  /** Null where there never was such an instance. */
  instance(tenant: string, instanceId: string): Promise<InstanceTarget | null>;
  /** Null where there is no such deployment. Newest first. */
  deployment(tenant: string, deploymentId: string): Promise<readonly LogTarget[] | null>;
  /** Those of a deployment that are gone, for as long as nodes keep their logs. Newest first. */
  ended(tenant: string, deploymentId: string, now: number): Promise<readonly LogTarget[]>;
}

const instanceSql = {
  name: 'log_instance',
  text: `
    select json_build_array(i.id, i.node_id, false, i.namespace_id, r.processes)
    from read.instance i left join read.release r on r.id = i.release_id and r.tenant_id = i.tenant_id
    where i.id = $1::text and i.tenant_id = $2::text`,
};
/** The tenant's log says where it was. */
const goneTypes = `('deploy.InstanceStopped', 'deploy.InstanceLost')`;
const goneSql = {
  name: 'log_ended_instance',
  text: `
    select json_build_array(l.data ->> 'instanceId', l.data ->> 'nodeId', true, l.data ->> 'namespaceId', (
      select r.processes from read.release r
      where r.deployment_id = l.data ->> 'deploymentId' and r.tenant_id = l.tenant_id
      order by r.number desc limit 1
    ))
    from read.tenant_log l
    where l.data ->> 'instanceId' = $1::text and l.tenant_id = $2::text and l.type in ${goneTypes}
    order by l.cursor desc limit 1`,
};
const deploymentSql = {
  name: 'log_deployment',
  text: `
    select coalesce(json_agg(t.row), '[]')
    from read.deployment d left join lateral (
      select json_build_array(i.id, i.node_id, false) as row
      from read.instance i where i.deployment_id = d.id and i.tenant_id = d.tenant_id
      order by i.created_at desc, i.id desc limit $3::int
    ) t on true
    where d.id = $1::text and d.tenant_id = $2::text
    group by d.id`,
};
const endedSql = {
  name: 'log_ended_instances',
  text: `
    select json_build_array(l.data ->> 'instanceId', l.data ->> 'nodeId', true)
    from read.tenant_log l
    where l.tenant_id = $2::text and l.data ->> 'deploymentId' = $1::text and l.type in ${goneTypes} and l.time >= $3::text
    order by l.cursor desc limit $4::int`,
};

const row = z.tuple([z.string(), z.string(), z.boolean()]);
const named = z.array(z.object({ name: z.string() })).nullable();
const instanceRow = z.tuple([z.string(), z.string(), z.boolean(), z.string(), named]);
const targetOf = ([instanceId, nodeId, ended]: z.infer<typeof row>): LogTarget => ({
  instanceId: instanceId as Id<'instance'>,
  nodeId: nodeId as Id<'node'>,
  ended,
});

export function createLogTargets(reader: Reader): LogTargets {
  return {
    async instance(tenant, instanceId) {
      const [present] = await reader.rows(tenant, instanceSql, [instanceId, tenant]);
      const [found] = present === undefined ? await reader.rows(tenant, goneSql, [instanceId, tenant]) : [present];
      if (found === undefined) return null;
      const [id, nodeId, ended, namespaceId, processes] = instanceRow.parse(JSON.parse(found));
      const names = (processes ?? []).map(({ name }) => name);
      return { ...targetOf([id, nodeId, ended]), namespaceId, processes: names };
    },
    async deployment(tenant, deploymentId) {
      const [found] = await reader.rows(tenant, deploymentSql, [deploymentId, tenant, mostKnown]);
      if (found === undefined) return null;
      return z
        .array(row.nullable())
        .parse(JSON.parse(found))
        .flatMap((one) => (one === null ? [] : [targetOf(one)]));
    },
    async ended(tenant, deploymentId, now) {
      const since = new Date(now - endedLogsKeptMs).toISOString();
      const found = await reader.rows(tenant, endedSql, [deploymentId, tenant, since, mostInstances]);
      return found.map((text) => targetOf(row.parse(JSON.parse(text))));
    },
  };
}
