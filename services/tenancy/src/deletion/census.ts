/** Asks every service what it still has. An answer is a count of now, in the service's own store; no answer is no count. */
import { randomUUID } from 'node:crypto';
import { readLiveSubjects } from '@atoll/events/personal/erased';
import { type EventStore, loadState } from '@atoll/events/store';
import type { Context } from '@atoll/schema/contexts';
import type { Positions } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { type Count, type Remains, type RemainsScope, readRemainsReply, remains } from '@atoll/schema/remains';
import { readRemainsSubject } from '@atoll/schema/subjects';
import { createCommandClient } from '@atoll/service/commands';
import { type NatsConnection, RpcTimeout, RpcUnavailable, requestJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import type { Target } from '../domain/deletion.ts';
import type { Asked, Left } from '../domain/deletion-steps.ts';
import { neighboursOf, promotion, promotionStream } from '../domain/promotion.ts';
import { tenant as tenantDecider, tenantStream } from '../domain/tenant.ts';
import { schema } from '../names.ts';
import { environmentsOf, heldBeside, namespacesOf } from './holdings.ts';

const ANSWER_MS = 5000;
/** Of what is counted of one kind; a tenant holds fewer by far. */
const MOST = 5000;

export interface Census {
  /** `seen`: what the service must have seen of the others before it counts. */
  service(context: Context, tenant: Id<'tenant'>, scope: RemainsScope, seen: Positions): Promise<Asked<Remains>>;
  read(
    tenant: Id<'tenant'>,
    scope: RemainsScope,
    seen: Readonly<Record<Context, number>>,
  ): Promise<Asked<readonly Count[]>>;
}

export function createCensus(nc: NatsConnection): Census {
  const client = createCommandClient(nc);
  return {
    async service(context, tenant, scope, seen) {
      const reply = await client.call(context, 'CountRemains', {
        key: `count ${randomUUID()}`,
        tenant,
        actor: 'service:tenancy',
        correlation: randomUUID(),
        traceparent: null,
        deadline: Date.now() + ANSWER_MS,
        seen,
        expectedVersion: null,
        data: { scope },
      });
      if (!reply.ok) return { ok: false, reason: reply.error.message };
      return { ok: true, position: reply.position, remains: remains.parse(reply.result) };
    },
    async read(tenant, scope, seen) {
      try {
        const answer = await requestJson(nc, readRemainsSubject, { tenant, scope, seen }, { timeoutMs: ANSWER_MS });
        const { counts } = readRemainsReply.parse(answer);
        return counts === null
          ? { ok: false, reason: 'they have not caught up yet' }
          : { ok: true, position: null, remains: counts };
      } catch (error) {
        if (error instanceof RpcUnavailable || error instanceof RpcTimeout) {
          return { ok: false, reason: 'no gateway answers' };
        }
        throw error;
      }
    },
  };
}

export interface CensusNeeds {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly census: Census;
}

const notYet = { ok: false, reason: 'asked when nothing else is left' } as const;

/** What is left, all services asked. `known`: namespaces that were once in it, whose remains are asked for, too. */
export async function readLeft(
  { store, pool, census }: CensusNeeds,
  tenant: Id<'tenant'>,
  of: Target,
  known: readonly Id<'namespace'>[],
): Promise<Left> {
  const all = await environmentsOf(pool, tenant);
  const environments = of.target === 'TENANT' ? all : all.filter(({ id }) => id === of.targetId);
  const namespaces = await namespacesOf(
    pool,
    environments.map(({ id }) => id),
  );
  const scope: RemainsScope =
    of.target === 'TENANT'
      ? { kind: 'tenant' }
      : {
          kind: 'environment',
          environmentId: of.targetId,
          namespaceIds: [...new Set([...known, ...namespaces.map(({ id }) => id)])],
        };
  const tenancy = await store.lastPosition();
  const deploy = await census.service('deploy', tenant, scope, { tenancy });
  // The network's part comes after deploy's: it counts once it has seen all that deploy has told.
  const seen = { tenancy, ...(deploy.ok && deploy.position !== null ? { deploy: deploy.position } : {}) };
  const network = await census.service('network', tenant, scope, seen);
  const held = await heldBeside(pool, tenant, of, MOST);
  const isTenant = of.target === 'TENANT';
  const subjects = isTenant ? await readLiveSubjects(pool, schema, tenant, MOST) : [];
  const { target, bindings } = await readTenant(store, tenant, of);
  const promotions = await readPromotions(store, tenant, of);
  const own = { namespaces, environments, held, subjects, bindings, promotions };
  const before: Left = { ...own, target, deploy, network, read: notYet };
  const others = target || Object.values(own).some(({ length }) => length > 0);
  if (others || !deploy.ok || !network.ok || deploy.position === null || network.position === null) return before;
  const positions = { tenancy, deploy: deploy.position, network: network.position };
  return { ...before, read: await census.read(tenant, scope, positions) };
}

/** The order stands in one stream of the tenant's: what of it is about the environment. */
async function readPromotions(store: EventStore, tenant: Id<'tenant'>, of: Target) {
  if (of.target === 'TENANT') return [];
  const { state } = await loadState(store, { decider: promotion, stream: promotionStream(tenant) });
  return neighboursOf(state, of.targetId);
}

/** Whether the tenant's stream goes on, and where in the environment its roles are bound. */
async function readTenant(store: EventStore, tenant: Id<'tenant'>, of: Target) {
  const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
  if (state.status === 'absent' || state.status === 'deleted') return { target: false, bindings: [] };
  if (of.target === 'TENANT') return { target: true, bindings: [] };
  const scopes = state.bindings.map(({ scope }) => scope);
  const bindings = scopes.filter((scope) => scope.level !== 'tenant' && scope.environmentId === of.targetId);
  return { target: false, bindings };
}
