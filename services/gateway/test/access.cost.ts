/**
 * What judging a request costs the gateway: looking its viewer up, the permission, and the scope. Of 10,000 tenants with 50
 * members each and five roles of their own, of which each member holds one for a namespace. A program of `npm run bench`:
 * on the empty database of DATABASE_URL, prints one line of JSON. Processor time, not time by the clock.
 */
import { engineMigrations } from '@atoll/events/migrations';
import type { Id } from '@atoll/schema/ids';
import type { Permission } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import type { TenantIdentity } from '../src/auth/identity.ts';
import { createViewers } from '../src/auth/viewers.ts';
import { readMigrations, readSchema } from '../src/migrations.ts';

const TENANTS = 10_000;
const MEMBERS = 50;
const ROLES = 5;
/** Whose members ask most of the time, and are remembered. */
const BUSY_TENANTS = 400;
const REQUESTS = 300_000;
const ROUNDS = 5;
/** Of the mixed requests, how many are by any of all members, nearly always not remembered. */
const STRANGERS = 0.01;

const log = createLogger('bench');
log.level = 'error';
const pool = createPool({ url: process.env.DATABASE_URL ?? '', name: 'access-cost', max: 4, log });
await pool.query(`do $$ begin create role atoll_reader; exception when duplicate_object then null; end $$`);
await migrate({ pool, schema: readSchema, folders: [engineMigrations, readMigrations], log });

const digits = (n: number) => String(n).padStart(26, '0');
const sqlId = (prefix: string, n: string) => `'${prefix}_' || lpad((${n})::text, 26, '0')`;
const at = `'2026-11-23T09:00:00.000Z'`;
const own = `["deployment:read", "deployment:write", "environment:read", "namespace:read", "policy:read", "tenant:read", "viewer:read"]`;
const inserts = [
  `insert into read.environment (id, tenant_id, name, kind, created_at)
   select ${sqlId('env', 't')}, ${sqlId('ten', 't')}, 'e', 'TEST', ${at} from generate_series(0, ${TENANTS - 1}) t`,
  `insert into read.namespace (id, tenant_id, environment_id, name, labels, created_at, version)
   select ${sqlId('ns', 't')}, ${sqlId('ten', 't')}, ${sqlId('env', 't')}, 'n', '[]', ${at}, 1
   from generate_series(0, ${TENANTS - 1}) t`,
  `insert into read.role (id, tenant_id, name, description, permissions, created_at)
   select ${sqlId('role', `t * ${ROLES} + r`)}, ${sqlId('ten', 't')}, 'role-' || r, '', '${own}', ${at}
   from generate_series(0, ${TENANTS - 1}) t, generate_series(0, ${ROLES - 1}) r`,
  `insert into read.member (id, tenant_id, subject)
   select ${sqlId('mem', `t * ${MEMBERS} + m`)}, ${sqlId('ten', 't')}, 'm' || m
   from generate_series(0, ${TENANTS - 1}) t, generate_series(0, ${MEMBERS - 1}) m`,
  `insert into read.role_binding
     (id, tenant_id, subject_id, role_id, level, environment_id, namespace_id, bound_by, created_at)
   select ${sqlId('rb', `t * ${MEMBERS} + m`)}, ${sqlId('ten', 't')}, ${sqlId('mem', `t * ${MEMBERS} + m`)},
     ${sqlId('role', `t * ${ROLES} + m % ${ROLES}`)}, 'namespace', ${sqlId('env', 't')}, ${sqlId('ns', 't')}, 'm0', ${at}
   from generate_series(0, ${TENANTS - 1}) t, generate_series(0, ${MEMBERS - 1}) m`,
];
const filling = await pool.connect();
await filling.query('set statement_timeout = 0');
// Of pages, which nobody asks for here: filling them would take most of the time.
await filling.query('drop index read.member_by_subject, read.role_binding_of_tenant, read.role_binding_of_role');
for (const text of [...inserts, 'analyze']) await filling.query(text);
filling.release(true);

interface Asker {
  readonly identity: TenantIdentity;
  readonly here: Scope;
  readonly elsewhere: Scope;
}

function asker(tenant: number, member: number): Asker {
  const id = `ten_${digits(tenant)}` as Id<'tenant'>;
  const scopeOf = (n: number) =>
    ({ level: 'namespace', environmentId: `env_${digits(n)}`, namespaceId: `ns_${digits(n)}` }) as Scope;
  return {
    identity: {
      ...{ kind: 'tenant', tenant: id, subject: `m${member}`, expiresAt: Number.POSITIVE_INFINITY },
      credential: { kind: 'platformToken', tenant: id },
      ...{ scopes: null, groupRole: null, isAmbiguous: false },
    },
    here: scopeOf(tenant),
    elsewhere: scopeOf(tenant + 1),
  };
}

const any = (below: number) => Math.floor(Math.random() * below);
const busy = Array.from({ length: BUSY_TENANTS * MEMBERS }, (_, n) => asker(Math.floor(n / MEMBERS), n % MEMBERS));
const permissions: readonly Permission[] = ['deployment:write', 'namespace:read', 'policy:read'];

let reads = 0;
const { query } = pool;
// Each question of it is one membership that wasn't remembered.
pool.query = ((...args: Parameters<typeof query>) => {
  reads += 1;
  return query.apply(pool, args);
}) as typeof query;
const viewers = createViewers(pool);

async function judge({ identity, here, elsewhere }: Asker, permission: Permission): Promise<void> {
  const { permissions: held, access } = await viewers.of(identity);
  const right = held.has(permission) && access.may(permission, here) && !access.may(permission, elsewhere);
  if (!right) throw new Error(`${identity.subject} of ${identity.tenant} was judged wrongly.`);
}

interface Round {
  /** Processor time of a request, all threads, in µs. */
  readonly cpuMicros: number;
  /** Of the requests, those whose viewer was remembered. */
  readonly hitShare: number;
}

async function round(requests: number, pick: (n: number) => Asker): Promise<Round> {
  reads = 0;
  const before = process.cpuUsage();
  for (let n = 0; n < requests; n += 1) {
    // The gateway looks for changes once a second.
    if (n % 1000 === 0) viewers.looked(performance.now());
    await judge(pick(n), permissions[n % permissions.length] ?? 'namespace:read');
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: (user + system) / requests, hitShare: 1 - reads / requests };
}

const pickBusy = (): Asker => busy[any(busy.length)] ?? asker(0, 0);
const pickMixed = (): Asker => (Math.random() < STRANGERS ? asker(any(TENANTS), any(MEMBERS)) : pickBusy());

globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const misses = await round(busy.length, (n) => busy[n] ?? asker(0, 0));
globalThis.gc?.();
const bytesRemembered = (process.memoryUsage().heapUsed - heapBefore) / busy.length;
const hits: Round[] = [];
const mixed: Round[] = [];
await round(REQUESTS, pickBusy);
for (let n = 0; n < ROUNDS; n += 1) {
  // Remembered for a minute: they are asked for anew, outside of what is measured.
  hits.push(await round(REQUESTS, pickBusy));
  mixed.push(await round(REQUESTS, pickMixed));
}
await pool.end();
console.log(JSON.stringify({ hits, mixed, misses, bytesRemembered }));
