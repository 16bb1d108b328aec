/** The write door of deletions: plans, starts, cancels, and what is protected from them. */

import { readHeldClaims } from '@atoll/events/held-claims';
import { type CommandOutcome, type EventStore, handleCommand, type Idempotency, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, PLATFORM } from '@atoll/schema/ids';
import type { DeletionPlan, deletionCommands } from '@atoll/schema/tenancy/deletion';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { answer } from '../answer.ts';
import type { CensusNeeds } from '../deletion/census.ts';
import { NoCensus, planOf } from '../deletion/plan.ts';
import { denied, goingAway, onHold } from '../denials.ts';
import { type DeletionCommand, deletion, deletionNotFound, deletionStream, type Target } from '../domain/deletion.ts';
import { stepsAtStart } from '../domain/deletion-steps.ts';
import { environment, environmentNotFound, environmentStream } from '../domain/environment.ts';
import { namespace, namespaceNotFound, namespaceStream } from '../domain/namespace.ts';
import { type Protectable, protection, protectionStream } from '../domain/protection.ts';
import { tenant as tenantDecider, tenantNotFound, tenantStream } from '../domain/tenant.ts';
import { schema } from '../names.ts';
import { originOf } from '../origin.ts';

const DEFAULT_RETENTION_HOURS = 30 * 24;
const HOUR_MS = 3_600_000;

export interface DeletionNeeds extends CensusNeeds {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Something is to be deleted, or not any more. */
  readonly wake: () => void;
}

type Refusable = { readonly ok: false; readonly rejection: Rejection };

const refused = (rejection: Rejection): Refusable => ({ ok: false, rejection });
const notFound = (id: string) => reject('NOT_FOUND', 'There is nothing with this id that could be deleted.', id);
const planChanged = reject(
  'PLAN_CHANGED',
  "What would be deleted isn't what was confirmed: something came, went or changed. Read deletionPlan again, and give its `confirm`.",
  'confirm',
);
const platformItself = reject('FORBIDDEN', 'The platform itself has nothing that could be deleted.');
const nothingToUndelete = reject('ILLEGAL_STATE', 'The tenant is not being deleted: there is nothing to take back.');

const blockedBy = ({ blockers: [first, ...others] }: DeletionPlan): Rejection | null => {
  if (!first) return null;
  const more = others.length === 0 ? '' : ` (and ${others.length} more: see deletionPlan)`;
  const code = first.code === 'BEING_DELETED' ? 'BEING_DELETED' : 'DELETION_BLOCKED';
  return reject(code, `${first.message}${more}`);
};

async function earlier(
  store: EventStore,
  { tenant }: CommandContext,
  idempotency: Idempotency,
): Promise<CommandOutcome | null> {
  const stored = await store.storedAnswer(tenant, idempotency);
  if (stored?.outcome !== 'replayed') return null;
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}

export function deletionHandlers(needs: DeletionNeeds): CommandHandlers<typeof deletionCommands> {
  const { store, pool, now, wake } = needs;

  const ownerOf = async (target: string): Promise<Id<'deletion'> | null> => {
    const [held] = await readHeldClaims(pool, schema, { keys: [target], owners: [], sets: ['deletion'] }, 1);
    return held === undefined ? null : (held.owner as Id<'deletion'>);
  };

  async function plan(tenant: Id<'tenant'>, id: DeletionPlan['id']): Promise<DeletionPlan | Rejection> {
    try {
      return (await planOf(needs, tenant, id)) ?? notFound('id');
    } catch (error) {
      if (error instanceof NoCensus) return reject('UNAVAILABLE', error.message);
      throw error;
    }
  }

  async function start(
    of: Target,
    { confirm, retentionHours }: { readonly confirm: string; readonly retentionHours: number },
    context: CommandContext,
    idempotency: Idempotency,
    missing: Rejection,
  ): Promise<CommandOutcome> {
    const { tenant } = context;
    if (tenant === PLATFORM) return refused(platformItself);
    const done = await earlier(store, context, idempotency);
    if (done !== null) return done;
    const found = await plan(tenant, of.targetId);
    if ('code' in found) return refused(found.code === 'NOT_FOUND' ? missing : found);
    const blocked = blockedBy(found);
    if (blocked !== null) return refused(blocked);
    if (found.confirm !== confirm) return refused(planChanged);
    const deletionId = newId('deletion');
    const purgeAt = new Date(now() + retentionHours * HOUR_MS).toISOString();
    const counts = found.steps.flatMap((step) => step.counts);
    const outcome = await handleCommand(store, {
      decider: deletion,
      stream: deletionStream(deletionId),
      newStream: true,
      command: {
        kind: 'start',
        ...{ tenant, deletionId, of, name: found.name ?? '', plan: confirm, counts, purgeAt },
        steps: stepsAtStart(of, found.steps, purgeAt),
      },
      origin: originOf(context),
      idempotency,
      result: { deletionId },
      onClaimConflict: denied,
    });
    wake();
    return outcome;
  }

  async function cancel(
    deletionId: Id<'deletion'>,
    context: CommandContext,
    idempotency: Idempotency,
    result: unknown,
  ): Promise<CommandOutcome> {
    const { tenant } = context;
    if (tenant === PLATFORM) return refused(platformItself);
    // While it is being deleted a tenant is neither suspended nor resumed: this is what it will be again.
    const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
    const found = await loadState(store, { decider: deletion, stream: deletionStream(deletionId) });
    const isTenant = found.state.status !== 'absent' && found.state.of.target === 'TENANT';
    const command: DeletionCommand = { kind: 'cancel', tenant, reopened: !isTenant || state.status === 'active' };
    return handleCommand(store, {
      decider: deletion,
      stream: deletionStream(deletionId),
      command,
      origin: originOf(context),
      idempotency,
      result,
      onClaimConflict: denied,
      notFound: deletionNotFound,
    });
  }

  /** The thing and what it is in, up to the tenant; null where the tenant has no such thing. */
  async function pathOf(tenant: Id<'tenant'>, id: Protectable): Promise<readonly Protectable[] | Rejection> {
    switch (idKind(id)) {
      case 'tenant': {
        const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
        const there = id === tenant && (state.status === 'active' || state.status === 'suspended');
        return there ? [tenant] : tenantNotFound;
      }
      case 'environment': {
        const found = await loadState(store, { decider: environment, stream: environmentStream(id) });
        return found.tenant === tenant && found.state.status === 'active' ? [id, tenant] : environmentNotFound;
      }
      default: {
        const found = await loadState(store, { decider: namespace, stream: namespaceStream(id) });
        if (found.tenant !== tenant || found.state.status === 'absent' || found.state.status === 'deleted') {
          return namespaceNotFound;
        }
        return found.state.status === 'deleting' ? goingAway : [id, found.state.environmentId, tenant];
      }
    }
  }

  return {
    async PlanDeletion({ id }, { tenant }) {
      if (tenant === PLATFORM) return refused(notFound('id'));
      const found = await plan(tenant, id);
      if ('code' in found) return refused(found);
      return { ok: true, result: found, position: await store.lastPosition(), version: 0 };
    },

    async DeleteEnvironment(input, context) {
      const of: Target = { target: 'ENVIRONMENT', targetId: input.environmentId };
      const idempotency = { key: context.key, request: { DeleteEnvironment: input } };
      const asked = { confirm: input.confirm, retentionHours: 0 };
      return answer('DeleteEnvironment', await start(of, asked, context, idempotency, environmentNotFound));
    },

    async DeleteTenant(input, context) {
      const { tenant } = context;
      if (tenant === PLATFORM) return refused(platformItself);
      const of: Target = { target: 'TENANT', targetId: tenant };
      const idempotency = { key: context.key, request: { DeleteTenant: input } };
      const asked = { confirm: input.confirm, retentionHours: input.retentionHours ?? DEFAULT_RETENTION_HOURS };
      return answer('DeleteTenant', await start(of, asked, context, idempotency, tenantNotFound));
    },

    async CancelDeletion({ deletionId }, context) {
      const idempotency = { key: context.key, request: { CancelDeletion: deletionId } };
      return answer('CancelDeletion', await cancel(deletionId, context, idempotency, { deletionId }));
    },

    async UndeleteTenant(_input, context) {
      const { tenant } = context;
      if (tenant === PLATFORM) return refused(platformItself);
      const idempotency = { key: context.key, request: { UndeleteTenant: tenant } };
      const done = await earlier(store, context, idempotency);
      if (done !== null) return answer('UndeleteTenant', done);
      const deletionId = await ownerOf(tenant);
      if (deletionId === null) {
        const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
        return refused(state.status === 'absent' || state.status === 'deleted' ? tenantNotFound : nothingToUndelete);
      }
      const result = { deletionId, tenantId: tenant };
      return answer('UndeleteTenant', await cancel(deletionId, context, idempotency, result));
    },

    async SetDeletionProtection({ id, enabled }, context) {
      const { tenant } = context;
      if (tenant === PLATFORM) return refused(platformItself);
      const path = await pathOf(tenant, id);
      if ('code' in path) return refused(path);
      const outcome = await handleCommand(store, {
        decider: protection,
        stream: protectionStream(id),
        command: { kind: 'protect', tenant, id, path, enabled },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetDeletionProtection: { id, enabled } } },
        result: { id },
        onClaimConflict: denied,
      });
      return answer('SetDeletionProtection', outcome);
    },

    async SetLegalHold({ reason }, context) {
      const { tenant } = context;
      if (tenant === PLATFORM) return refused(platformItself);
      const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
      if (state.status === 'absent' || state.status === 'deleted') return refused(tenantNotFound);
      const outcome = await handleCommand(store, {
        decider: protection,
        stream: protectionStream(tenant),
        command: { kind: 'hold', tenant, reason },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetLegalHold: reason } },
        result: { tenantId: tenant },
        onClaimConflict: ({ claim }) => (claim.set === 'deletion' ? purgeBegan : onHold),
      });
      return answer('SetLegalHold', outcome);
    },
  };
}

const purgeBegan = reject('ILLEGAL_STATE', 'The tenant is being destroyed already: a hold comes too late.', 'tenantId');
