/** Rows of several tenants in all read models, some of whose relations lead nowhere. */
import { type IdKind, idPrefixes } from '@atoll/schema/ids';
import { DEFAULT_PLAN, defaultTerms } from '@atoll/schema/tenancy/plans';
import type { Pool } from 'pg';
import type { Random } from './random.ts';

export type Row = Readonly<Record<string, unknown>>;
export type Rows = Record<string, Row[]>;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export function randomId(random: Random, kind: IdKind): string {
  const digits = Array.from({ length: 25 }, () => alphabet[random.int(32)]);
  return `${idPrefixes[kind]}_${random.int(8)}${digits.join('')}`;
}

const instant = (random: Random) => new Date(1_790_000_000_000 + random.int(20) * 1000).toISOString();
const awkward = ['plain', 'with "quotes"', 'tab\tand\nline', 'back\\slash', 'ünï → ☂', '</script>', "it's"];
const strategies = [
  { kind: 'ROLLING', steps: [], autoPromoteSeconds: null, scaleDownDelaySeconds: null },
  {
    ...{ kind: 'CANARY', autoPromoteSeconds: null, scaleDownDelaySeconds: null },
    steps: [{ count: null, weightPercent: 10, pauseSeconds: null }],
  },
  { kind: 'BLUE_GREEN', steps: [], autoPromoteSeconds: 5, scaleDownDelaySeconds: 30 },
];
const labels = (random: Random) =>
  random
    .some(['app', 'tier', 'zone'], 0)
    .sort()
    .map((key) => ({ key, value: random.pick(['web', 'db', 'a.b_c']) }));
const ports = (random: Random) =>
  Array.from({ length: random.int(3) }, () => ({ port: 1 + random.int(9000), protocol: random.pick(['TCP', 'UDP']) }));

/** In the order of the SDL. */
const probeOf = (random: Random) => ({
  ...{ kind: random.pick(['TCP', 'HTTP', 'EXEC']), port: random.pick([null, 80]), path: random.pick([null, '/up']) },
  ...{ command: random.pick([null, ['/bin/up']]), initialDelaySeconds: 0, periodSeconds: 2 },
  ...{ timeoutSeconds: 1, failureThreshold: 1 + random.int(9) },
});

const processOf = (random: Random, name: string) => ({
  ...{ name, kind: random.pick(['SERVICE', 'TASK']), image: `registry/web@sha256:${'0'.repeat(64)}` },
  ...{ command: random.pick([null, [random.pick(awkward)]]), ports: ports(random), cpuMillis: 10, memoryMiB: 16 },
  dependsOn: random.some(['a', 'b'], 0).map((process) => ({ process, condition: 'STARTED' })),
  readiness: random.chance(0.5) ? null : { ...probeOf(random), successThreshold: 1 },
  ...{ liveness: random.chance(0.5) ? null : probeOf(random), startup: null },
});

const shares = (random: Random) =>
  random.some(['CPU_MILLIS', 'INSTANCES'], 0).map((measure) => ({ measure, used: random.int(9) }));
const quota = (random: Random) =>
  shares(random).map(({ measure, used }) => ({
    measure,
    limit: random.pick([null, 7]),
    used,
    reserved: random.int(3),
  }));

export interface RowsOptions {
  readonly tenants: number;
  /** How likely a relation leads to a row that isn't there. */
  readonly dangling: number;
}

export function randomRows(random: Random, options: RowsOptions): Rows {
  const rows: Rows = {};
  const put = (table: string, row: Row) => {
    rows[table] ??= [];
    rows[table].push(row);
    return String(row.id);
  };
  const weights = { spread: 1, pack: 0, locality: 2, slaClass: 1, cost: 1 };
  const poolId = put('pool', {
    id: randomId(random, 'pool'),
    ...{ tenant_id: 'platform', name: 'default', revision: 1, sla_class: 'STANDARD', labels: labels(random) },
    ...{ cpu_percent: 100, memory_percent: 100, cost_per_hour: 0, weights, created_at: instant(random) },
  });
  const nodes = [0, 1, 2].map((index) =>
    put('compute_node', {
      ...{ pool_id: poolId, zone: random.pick([null, 'a']), labels: labels(random), instances: random.int(9) },
      ...{ scheduling: random.pick(['OPEN', 'DRAINING']), scheduling_note: random.pick(awkward) },
      drained_from: random.pick([null, 7]),
      id: randomId(random, 'node'),
      tenant_id: 'platform',
      name: `node-${index}`,
      status: random.pick(['READY', 'UNREACHABLE']),
      status_message: random.pick([null, 'lost']),
      status_since: random.pick([null, instant(random)]),
      runtime: 'DOCKER',
      cpu_millis: 4000,
      memory_mib: 8192,
      max_instances: 100,
      created_at: instant(random),
    }),
  );
  for (let tenantIndex = 0; tenantIndex < options.tenants; tenantIndex += 1) {
    const tenant_id = randomId(random, 'tenant');
    const base = (kind: IdKind) => ({ id: randomId(random, kind), tenant_id, created_at: instant(random) });
    const or = (id: string, kind: IdKind) => (random.chance(options.dangling) ? randomId(random, kind) : id);
    const limits = { namespaces: 10, instances: 100, cpuMillis: 16_000, memoryMiB: 32_768 };
    put('tenant', {
      id: tenant_id,
      tenant_id,
      name: `tenant-${tenantIndex}`,
      limits,
      quota: quota(random),
      status: 'ACTIVE',
      suspension: null,
      ...{ deletion_protection: tenantIndex === 1, legal_hold: null, deletion: null },
      created_at: instant(random),
    });
    put('role', {
      ...base('role'),
      name: 'deployers',
      description: random.pick(awkward),
      permissions: random.some(['deployment:read', 'deployment:write'], 0),
    });
    for (let e = 0; e < 3; e += 1) {
      const environment = put('environment', {
        ...base('environment'),
        name: random.pick(['dev', 'test', 'prod']),
        kind: random.pick(['DEVELOPMENT', 'PRODUCTION']),
        quota: quota(random),
        deletion_protection: e === 1,
        deletion_id: null,
      });
      for (let n = 0; n < random.int(4); n += 1) {
        const namespace = put('namespace', {
          ...base('namespace'),
          deletion_protection: n === 1,
          environment_id: or(environment, 'environment'),
          name: random.pick(['a', 'b', 'c', 'd']),
          labels: labels(random),
          version: 1 + random.int(9),
          status: random.pick(['PENDING', 'ACTIVE']),
          quota: quota(random),
        });
        for (let h = 0; h < random.int(3); h += 1) {
          const holder = {
            id: randomId(random, 'deployment'),
            tenant_id,
            namespace_id: namespace,
            name: `holder-${h}`,
          };
          const amounts = shares(random);
          put('quota_holder', {
            ...holder,
            environment_id: or(environment, 'environment'),
            kind: random.pick(['DEPLOYMENT', 'SUBNET']),
            ...{ used: [], reserved: [], amounts: amounts.map((amount) => ({ ...amount, reserved: random.int(3) })) },
          });
          const recorded = amounts.map(({ measure, used: amount }) => ({ measure, amount }));
          put('quota_difference', { ...holder, recorded, actual: [], found_at: instant(random) });
        }
        for (let s = 0; s < 1 + random.int(2); s += 1) {
          put('subnet', {
            ...base('subnet'),
            namespace_id: or(namespace, 'namespace'),
            ipv4: `10.64.${random.int(200)}.0/24`,
            ipv6: 'fd61:746f:6c6c:1::/64',
          });
        }
        for (let p = 0; p < random.int(3); p += 1) {
          const policy = put('isolation_policy', {
            ...base('policy'),
            namespace_id: namespace,
            name: `policy-${p}`,
            revision: 1 + random.int(3),
            version: 1 + random.int(9),
            from_namespace_id: or(namespace, 'namespace'),
            from_labels: labels(random),
            to_labels: labels(random),
            ports: [{ protocol: 'TCP', from: 80, to: 80 + random.int(20) }],
          });
          for (let r = 0; r < random.int(4); r += 1) {
            put('policy_receipt', {
              id: `${policy}.${r}`,
              tenant_id,
              policy_id: policy,
              revision: r + 1,
              node_id: random.pick(nodes),
              generation: random.int(1000),
              hash: 'ab'.repeat(32),
              enforced_at: instant(random),
            });
          }
        }
        for (let d = 0; d < random.int(6); d += 1) {
          const deployment = base('deployment');
          const releases = [1, 2, 3].slice(0, 1 + random.int(3)).map((number) =>
            put('release', {
              ...base('release'),
              deployment_id: deployment.id,
              number,
              image: `registry/web@sha256:${'0'.repeat(64)}`,
              command: random.chance(0.5) ? null : [random.pick(awkward), random.pick(awkward)],
              cpu_millis: 100,
              memory_mib: 64,
              ports: ports(random),
              processes: [
                processOf(random, 'main'),
                ...random.some(['cache', 'setup'], 0).map((name) => processOf(random, name)),
              ],
              liveness: random.chance(0.5) ? null : probeOf(random),
              readiness: random.chance(0.5) ? null : { ...probeOf(random), successThreshold: 2 },
            }),
          );
          put('deployment', {
            ...deployment,
            namespace_id: or(namespace, 'namespace'),
            name: `d-${random.int(4)}`,
            labels: labels(random),
            replicas: random.int(5),
            ready_replicas: random.int(5),
            max_surge: 1,
            max_unavailable: 0,
            fenced: random.chance(0.2),
            on_failure: random.pick(['FREEZE', 'FAST']),
            progress_deadline_seconds: random.pick([null, 600]),
            rollout_strategy: strategies[d % strategies.length],
            current_release_id: random.chance(0.2) ? null : or(random.pick(releases), 'release'),
            version: 1 + random.int(50),
            status: random.pick(['PROGRESSING', 'STEADY', 'BLOCKED']),
            status_message: random.pick([null, ...awkward]),
          });
          for (let r = 0; r < random.int(3); r += 1) {
            put('rollout', {
              ...base('rollout'),
              deployment_id: deployment.id,
              release_id: or(random.pick(releases), 'release'),
              kind: random.pick(['INITIAL', 'UPGRADE']),
              status: random.pick(['RUNNING', 'PAUSED', 'SUSPENDED', 'FAILED', 'COMPLETED']),
              ...{ strategy: strategies[r % strategies.length], step: 1 + r, steps: d },
              paused_until: r === 0 ? null : '2026-03-04T05:06:07.000Z',
              ...{ pace: random.pick(['GRADUAL', 'FAST']), automatic: random.chance(0.5) },
              ...{ deadline_at: random.pick([null, instant(random)]), status_message: random.pick([null, ...awkward]) },
              ended_at: random.pick([null, instant(random)]),
            });
          }
          for (let i = 0; i < random.int(7); i += 1) {
            put('instance', {
              ...base('instance'),
              namespace_id: namespace,
              deployment_id: deployment.id,
              release_id: or(random.pick(releases), 'release'),
              node_id: random.pick(nodes),
              labels: labels(random),
              placement: {
                filtered: nodes.slice(1).map((nodeId) => ({ nodeId, reason: random.pick(awkward) })),
                scores: [{ nodeId: nodes[0], score: random.pick([1, 0.5, 12.25]) }],
              },
              ready_at: random.pick([null, instant(random)]),
              status: random.pick(['PLACED', 'READY', 'UNREADY']),
              status_reason: random.pick([null, 'EXITED']),
              status_message: random.pick([null, ...awkward]),
              ipv4: random.pick([null, '10.64.0.7']),
              ipv6: random.pick([null, 'fd61::7']),
              secured_at: random.pick([null, instant(random)]),
            });
          }
        }
      }
    }
  }
  for (const { tenant_id } of rows.tenant ?? []) {
    const deletion = { id: randomId(random, 'deletion'), tenant_id };
    const requested_at = instant(random);
    put('deletion', {
      ...{ ...deletion, requested_at, target: 'ENVIRONMENT', target_id: randomId(random, 'environment') },
      ...{ name: 'dev', status: 'PURGING', plan: 'f', requested_by: 'user:ada', purge_at: requested_at },
      steps: [{ name: 'CLOSE', status: 'DONE', done: 1, total: 1, waitingFor: random.pick([null, ...awkward]) }],
      ...{ ended_at: null, proof: null },
    });
  }
  for (const { id: namespace_id, tenant_id, created_at } of rows.namespace ?? []) {
    const service = put('service', {
      ...{ id: randomId(random, 'service'), tenant_id, namespace_id, created_at, name: 'web', version: 1 },
      ...{ dns_name: 'web.shop.atoll.internal', ipv4: '10.127.0.1', ipv6: 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:1' },
      ...{ selector: [{ key: 'app', value: 'web' }], selector_labels: { app: 'web' } },
      ...{
        ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
        affinity_seconds: random.pick([null, 60]),
      },
    });
    for (const instance of (rows.instance ?? []).filter((row) => row.namespace_id === namespace_id)) {
      put('service_endpoint', {
        ...{ id: `${service}.${instance.id}`, tenant_id, service_id: service, instance_id: instance.id },
        ...{ ipv4: '10.64.0.2', ipv6: 'fd61::2', ready: random.int(2) === 1 },
      });
    }
    const environment_id = (rows.namespace ?? []).find(({ id }) => id === namespace_id)?.environment_id;
    const where = { tenant_id, environment_id, namespace_id: random.pick([null, namespace_id]) };
    const batch_id = put('batch', {
      ...{
        id: randomId(random, 'batch'),
        ...where,
        selector: labels(random),
        status: 'STOPPED',
        size: 3,
        wave_size: 2,
      },
      operation: { kind: 'SCALE', image: null, cpuMillis: null, memoryMiB: null, replicas: random.int(9), pace: null },
      ...{ status_message: random.pick(awkward), pause_seconds: 60, max_failures: random.int(3), next_wave_at: null },
      ...{ started_at: instant(random), started_by: 'user:ada', ended_at: random.pick([null, instant(random)]) },
      ...{ waiting: 1, running: 0, succeeded: random.int(3), unchanged: 0, failed: 1, skipped: 0 },
      waves: [
        {
          number: 1,
          status: 'DONE',
          size: 2,
          waiting: 0,
          running: 0,
          succeeded: 1,
          unchanged: 0,
          failed: 1,
          skipped: 0,
        },
      ],
    });
    for (const [index, deployment] of (rows.deployment ?? []).slice(0, 3).entries()) {
      put('batch_item', {
        ...{ id: `${batch_id}.${index}`, ...where, batch_id, deployment_id: deployment.id, name: `d-${index}` },
        ...{ number: index + 1, wave: 1 + Math.floor(index / 2), status: random.pick(['WAITING', 'FAILED']) },
        ...{ code: random.pick([null, 'ILLEGAL_STATE']), message: random.pick([null, ...awkward]) },
        ...{ rollout_id: random.pick(rows.rollout ?? [{ id: null }]).id, began_at: instant(random), ended_at: null },
      });
    }
    const address = `203.0.113.${random.int(250)}`;
    const held = { id: randomId(random, 'publicAddress'), tenant_id, namespace_id, address, created_at };
    put('public_address', { ...held, name: 'web' });
    for (let m = 0; m < random.int(3); m += 1) {
      put('port_mapping', {
        ...{ ...held, id: randomId(random, 'portMapping'), public_address_id: held.id },
        ...{ deployment_id: randomId(random, 'deployment'), protocol: 'TCP', port: 443 + m, target_port: 8443 },
      });
    }
  }
  for (const [table, list] of Object.entries(rows)) rows[table] = list.map((row) => ({ ...defaults[table], ...row }));
  return rows;
}

const { capabilities, limits, pointsPerMinute, pools, slaClasses } = defaultTerms;
const overrides = { limits: [], grant: [], deny: [], pointsPerMinute: null, pools: null, slaClasses: null };

const defaults: Readonly<Record<string, Row>> = {
  tenant: {
    plan: { id: DEFAULT_PLAN, name: 'default', revision: 1 },
    entitlements: { limits, capabilities, pointsPerMinute, pools, slaClasses, overrides },
    capabilities,
    labels: [],
  },
  isolation_policy: {
    ...{ labels: [], action: 'ALLOW', priority: 500, log: false, active: true },
    ...{ sources: [], destinations: [], traffic: [] },
  },
  environment: { labels: [], promotes_to: [], image_rules: { allowed: null, promotedOnly: false } },
  namespace: { deleting: false, subnet_growth: false, isolation_level: 'RULE', address_supply: 'ENOUGH' },
  subnet: { deleting: false },
  service: { labels: [] },
  port_mapping: { source_preserved: true },
  deployment: { deleting: false, rolling_out: false },
  instance: { state: 'PLACED' },
};

export async function insertRows(pool: Pool, rows: Rows): Promise<void> {
  for (const [table, list] of Object.entries(rows)) {
    await pool.query(`insert into read.${table} select * from json_populate_recordset(null::read.${table}, $1)`, [
      JSON.stringify(list),
    ]);
  }
}
