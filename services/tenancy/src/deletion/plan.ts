/** What would be deleted, in which order, and what stands against it: read from all services, nothing changed. */
import { createHash } from 'node:crypto';
import { readHeldClaims } from '@atoll/events/held-claims';
import { loadState } from '@atoll/events/store';
import { type Id, idKind } from '@atoll/schema/ids';
import type { Count, Remains } from '@atoll/schema/remains';
import type { DeletionPlan, DeletionStepName, PlanFinding } from '@atoll/schema/tenancy/deletion';
import type { ClaimSet } from '../domain/claims.ts';
import type { Target } from '../domain/deletion.ts';
import { type Asked, type Left, stepNames } from '../domain/deletion-steps.ts';
import { environment, environmentStream } from '../domain/environment.ts';
import { namespace, namespaceStream } from '../domain/namespace.ts';
import { tenant as tenantDecider, tenantStream } from '../domain/tenant.ts';
import { schema } from '../names.ts';
import { type CensusNeeds, readLeft } from './census.ts';
import { countsOf, nameOf } from './holdings.ts';

type Deletable = DeletionPlan['id'];

/** A service that has to be asked doesn't answer: there is no plan without it. */
export class NoCensus extends Error {
  override readonly name = 'NoCensus';
}

const service: Record<DeletionStepName, DeletionPlan['steps'][number]['service']> = {
  CLOSE: 'tenancy',
  RETAIN: 'tenancy',
  STOP_WORKLOADS: 'deploy',
  RELEASE_NETWORK: 'network',
  DELETE_NAMESPACES: 'tenancy',
  DELETE_ENVIRONMENTS: 'tenancy',
  REMOVE_ACCESS: 'tenancy',
  DELETE_RECORDS: 'gateway',
  VERIFY: 'tenancy',
};

const waitsFor: Record<DeletionStepName, string> = {
  CLOSE: 'nothing: from its commit on nothing new is admitted',
  RETAIN: 'the end of the time in which it can be taken back; until then its instances reach nobody',
  STOP_WORKLOADS: 'each node to say that the instances on it are gone',
  RELEASE_NETWORK: 'each node that can be reached to apply the rules without it',
  DELETE_NAMESPACES: 'the network of each namespace to be released',
  DELETE_ENVIRONMENTS: 'their namespaces to be gone',
  REMOVE_ACCESS: 'everything that could be reached with it to be gone',
  DELETE_RECORDS: 'the gateway to follow',
  VERIFY: 'every service to count nothing',
};

interface Found {
  readonly id: Deletable;
  readonly name: string | null;
  readonly steps: readonly DeletionStepName[];
  readonly counts: Partial<Record<DeletionStepName, readonly Count[]>>;
  /** Of what makes one thing another although there are as many. */
  readonly digests: readonly string[];
  readonly blockers: readonly PlanFinding[];
  readonly warnings: readonly PlanFinding[];
}

function answered<T>(what: string, asked: Asked<T>): T {
  if (asked.ok) return asked.remains;
  throw new NoCensus(`The ${what} service can't say what would be deleted: ${asked.reason} Try again in a moment.`);
}

/** Instances, addresses and what has proven itself come and go by themselves: they are shown, and change no plan. */
const fleeting: ReadonlySet<string> = new Set(['instances', 'endpoints', 'claims', 'provenImages']);

function toPlan({ id, name, steps, counts, digests, blockers, warnings }: Found): DeletionPlan {
  const lasting = steps.map((step) => [step, (counts[step] ?? []).filter(({ kind }) => !fleeting.has(kind))]);
  const blocked = blockers.map(({ code, resourceId }) => [code, resourceId]);
  const confirm = createHash('sha256')
    .update(JSON.stringify([id, name, lasting, digests, blocked]))
    .digest('hex')
    .slice(0, 32);
  return {
    id,
    name,
    steps: steps.map((step) => ({
      name: step,
      service: service[step],
      counts: [...(counts[step] ?? [])],
      waitsFor: waitsFor[step],
    })),
    blockers: [...blockers],
    warnings: [...warnings],
    confirm,
  };
}

/** What protects it, or something in it; and the operator's hold on the tenant. */
async function guards({ pool }: CensusNeeds, tenant: Id<'tenant'>, id: Deletable): Promise<readonly PlanFinding[]> {
  const sets: readonly ClaimSet[] = ['deletion-protection'];
  const under = await readHeldClaims(pool, schema, { keys: [id], owners: [], sets }, 20);
  const holds = await readHeldClaims(pool, schema, { keys: [tenant], owners: [], sets: ['legal-hold'] }, 1);
  return [
    ...under.map(
      ({ owner }): PlanFinding => ({
        code: 'PROTECTED',
        message: `${owner === id ? 'It' : owner} is protected from deletion. Lift the protection with setDeletionProtection.`,
        resourceId: owner,
      }),
    ),
    ...holds.map(
      (): PlanFinding => ({
        code: 'LEGAL_HOLD',
        message: 'The operator holds the tenant: nothing of it may be destroyed until the hold is over.',
        resourceId: tenant,
      }),
    ),
  ];
}

async function underWay({ pool }: CensusNeeds, id: Deletable): Promise<readonly PlanFinding[]> {
  const found = await readHeldClaims(pool, schema, { keys: [id], owners: [], sets: ['deletion'] }, 1);
  return found.map(({ owner }) => ({
    code: 'BEING_DELETED',
    message: `It is being deleted already, by ${owner}.`,
    resourceId: owner,
  }));
}

const idsOf = (all: readonly { readonly id: string }[]) =>
  all
    .map(({ id }) => id)
    .sort()
    .join(' ');
const references = (remains: Remains) => remains.findings.filter(({ code }) => code === 'REFERENCED');
const rolling = (remains: Remains) => remains.findings.filter(({ code }) => code === 'ROLLING_OUT');

/** What is there of a tenant or an environment, for its preview and for the start of its deletion. */
async function wholePlan(needs: CensusNeeds, tenant: Id<'tenant'>, of: Target, name: string, access: readonly Count[]) {
  const left: Left = await readLeft(needs, tenant, of, []);
  const deploy = answered('deploy', left.deploy);
  const network = answered('network', left.network);
  return toPlan({
    id: of.targetId,
    name,
    steps: stepNames[of.target],
    counts: {
      STOP_WORKLOADS: deploy.counts,
      RELEASE_NETWORK: network.counts,
      DELETE_NAMESPACES: [{ kind: 'namespaces', count: left.namespaces.length }],
      DELETE_ENVIRONMENTS: [
        { kind: 'environments', count: left.environments.length },
        ...(of.target === 'ENVIRONMENT' ? [{ kind: 'promotions', count: left.promotions.length }] : []),
      ],
      REMOVE_ACCESS: [
        ...(of.target === 'TENANT' ? access : [{ kind: 'bindings', count: left.bindings.length }]),
        ...(of.target === 'TENANT' ? [{ kind: 'dataKeys', count: left.subjects.length }] : []),
        ...countsOf(left.held),
      ],
    },
    digests: [
      ...[deploy.digest, network.digest, idsOf(left.namespaces), idsOf(left.environments)],
      left.held.map(({ set, key, owner }) => `${set} ${key} ${owner}`).join(),
      left.subjects.join(),
      left.promotions.join(),
    ],
    blockers: [
      ...(await guards(needs, tenant, of.targetId)),
      ...(await underWay(needs, of.targetId)),
      ...references(network),
    ],
    warnings: rolling(deploy),
  });
}

async function tenantPlan(needs: CensusNeeds, tenant: Id<'tenant'>): Promise<DeletionPlan | null> {
  const { state } = await loadState(needs.store, { decider: tenantDecider, stream: tenantStream(tenant) });
  const name = await nameOf(needs.pool, 'tenant-name', tenant);
  if (state.status === 'absent' || state.status === 'deleted' || name === null) return null;
  const { members, roles, bindings } = state;
  return wholePlan(needs, tenant, { target: 'TENANT', targetId: tenant }, name, [
    { kind: 'members', count: members.length },
    { kind: 'roles', count: roles.length },
    { kind: 'bindings', count: bindings.length },
  ]);
}

async function environmentPlan(needs: CensusNeeds, tenant: Id<'tenant'>, id: Id<'environment'>) {
  const found = await loadState(needs.store, { decider: environment, stream: environmentStream(id) });
  const name = await nameOf(needs.pool, 'environment-name', id);
  if (found.tenant !== tenant || found.state.status !== 'active' || name === null) return null;
  return wholePlan(needs, tenant, { target: 'ENVIRONMENT', targetId: id }, name, []);
}

async function namespacePlan(needs: CensusNeeds, tenant: Id<'tenant'>, id: Id<'namespace'>) {
  const { tenant: owner, state } = await loadState(needs.store, { decider: namespace, stream: namespaceStream(id) });
  if (owner !== tenant || state.status === 'absent' || state.status === 'deleted') return null;
  const tenancy = await needs.store.lastPosition();
  const scope = { kind: 'namespace', namespaceId: id } as const;
  const deploy = answered('deploy', await needs.census.service('deploy', tenant, scope, { tenancy }));
  const network = answered('network', await needs.census.service('network', tenant, scope, { tenancy }));
  const going: readonly PlanFinding[] =
    state.status === 'deleting'
      ? [{ code: 'BEING_DELETED', message: 'It is being deleted already.', resourceId: id }]
      : [];
  return toPlan({
    id,
    name: state.name,
    steps: ['CLOSE', 'STOP_WORKLOADS', 'RELEASE_NETWORK', 'DELETE_NAMESPACES'],
    counts: {
      STOP_WORKLOADS: deploy.counts,
      RELEASE_NETWORK: network.counts,
      DELETE_NAMESPACES: [{ kind: 'namespaces', count: 1 }],
    },
    digests: [deploy.digest, network.digest],
    blockers: [...(await guards(needs, tenant, id)), ...going],
    // The policies stay, and open nothing any more.
    warnings: [...references(network), ...rolling(deploy)],
  });
}

async function deploymentPlan(needs: CensusNeeds, tenant: Id<'tenant'>, id: Id<'deployment'>) {
  const scope = { kind: 'deployment', deploymentId: id } as const;
  const deploy = answered('deploy', await needs.census.service('deploy', tenant, scope, {}));
  if (!deploy.counts.some(({ kind, count }) => kind === 'deployments' && count > 0)) return null;
  return toPlan({
    id,
    name: null,
    steps: ['STOP_WORKLOADS'],
    counts: { STOP_WORKLOADS: deploy.counts },
    digests: [deploy.digest],
    blockers: [],
    warnings: rolling(deploy),
  });
}

/** Null where the tenant has no such thing. Throws `NoCensus` where a service can't be asked. */
export async function planOf(needs: CensusNeeds, tenant: Id<'tenant'>, id: Deletable): Promise<DeletionPlan | null> {
  switch (idKind(id)) {
    case 'tenant':
      return id === tenant ? tenantPlan(needs, tenant) : null;
    case 'environment':
      return environmentPlan(needs, tenant, id as Id<'environment'>);
    case 'namespace':
      return namespacePlan(needs, tenant, id as Id<'namespace'>);
    case 'deployment':
      return deploymentPlan(needs, tenant, id as Id<'deployment'>);
    default:
      return null;
  }
}
