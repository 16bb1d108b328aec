/** The oracle for the whole platform: as the engine's, with the gateway's read models and a tenant's subscription. */
import { contexts } from '@atoll/schema/contexts';
import { faultsOfLogs, untold } from '../../platform/store.ts';
import { judgeCalls, judgeStore, judgeStream } from '../oracle/judge.ts';
import { readJetStream, readStore } from '../oracle/observed.ts';
import { type Violation, violation } from '../oracle/violation.ts';
import type { Call } from '../run/calls.ts';
import type { PlatformBed } from './bed.ts';

/** Namespaces that don't have exactly one subnet, which another service allocates as a reaction. */
async function withoutOneSubnet({ pool }: PlatformBed): Promise<readonly { id: string; n: number }[]> {
  const { rows } = await pool.query<{ id: string; n: number }>(
    `select created.data ->> 'namespaceId' as id, count(allocated.id) as n
      from tenancy.event created
      left join network.event allocated on allocated.type = 'SubnetAllocated'
        and allocated.data ->> 'namespaceId' = created.data ->> 'namespaceId'
      where created.type = 'NamespaceCreated'
      group by 1 having count(allocated.id) <> 1`,
  );
  return rows;
}

/** Rows of the read model that lack an event, or the other way round. */
async function unequalModel({ pool }: PlatformBed): Promise<readonly string[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select coalesce(e.data ->> 'environmentId', r.id) as what
      from (select data from tenancy.event where type = 'EnvironmentCreated') e
      full join read.environment r on r.id = e.data ->> 'environmentId'
      where r.id is null or e.data is null or r.name <> e.data ->> 'name'`,
  );
  return rows.map(({ what }) => what);
}

/** What has not come to rest; nothing when all has. */
export async function unrest(bed: PlatformBed): Promise<readonly string[]> {
  const missing = await withoutOneSubnet(bed);
  const behind = await untold(bed.platform.ready);
  const newest = Number(await bed.tenant.admin.query.eventCursor());
  return [
    ...missing.filter(({ n }) => n === 0).map(({ id }) => `${id} has no subnet`),
    ...(behind > 0 ? [`${behind} events are not in the logs`] : []),
    ...(bed.told.length < newest ? [`the subscription has ${bed.told.length} of ${newest}`] : []),
  ];
}

export async function judgePlatform(bed: PlatformBed, calls: readonly Call[]): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const context of contexts) {
    const store = await readStore(bed.pool, context);
    found.push(...judgeStore(context, store));
    found.push(...judgeStream(context, await readJetStream(bed.nc, context), store));
  }
  const { rows } = await bed.pool.query<{ position: number; call: string }>(
    `select position, data ->> 'name' as call from tenancy.event
      where type in ('EnvironmentCreated', 'NamespaceCreated') and data ->> 'name' ~ '^call-\\d+$' order by position`,
  );
  const none = { id: '', type: '', tenant: '', stream: '', version: 1, time: new Date(0), cause: null };
  found.push(
    ...judgeCalls(
      calls,
      rows.map(({ position, call }) => ({ ...none, position, data: { call } })),
    ),
  );

  const subnets = await withoutOneSubnet(bed);
  const told = (list: readonly { id: string; n: number }[]) => list.map(({ id, n }) => `${id} has ${n}`);
  const lost = subnets.filter(({ n }) => n === 0);
  const doubled = subnets.filter(({ n }) => n > 1);
  if (lost.length > 0) found.push(violation('reaction-exactly-once', 'lost', 'no subnet', told(lost)));
  if (doubled.length > 0)
    found.push(violation('reaction-exactly-once', 'doubled', 'more than one subnet', told(doubled)));
  const unequal = await unequalModel(bed);
  if (unequal.length > 0) found.push(violation('model-equals-store', 'other', 'read.environment differs', unequal));
  const logs = await faultsOfLogs(bed.platform.ready);
  if (logs.length > 0) found.push(violation('log-equals-store', 'other', 'the logs of the tenants', logs));

  const cursors = bed.told.map(({ cursor }) => Number(cursor));
  const wrong = cursors.filter((cursor, index) => cursor !== index + 1);
  if (wrong.length > 0)
    found.push(violation('log-equals-store', 'other', 'the subscription jumps or repeats at', wrong));
  if (new Set(bed.told.map(({ id }) => id)).size !== bed.told.length) {
    found.push(violation('log-equals-store', 'doubled', 'the subscription has told an event twice'));
  }
  return found;
}
