/** ReserveQuota, ReleaseQuota, SetQuota: the ledger's write door. */
import {
  type ClaimConflict,
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Loaded,
  loadState,
  recallState,
} from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { TenancyInput } from '@atoll/schema/tenancy/commands';
import type { QuotaLimits } from '@atoll/schema/tenancy/quotas';
import type { CommandContext } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { denied } from '../denials.ts';
import { entitlements as entitlementsDecider, entitlementsKey, entitlementsStream } from '../domain/entitlements.ts';
import { holding, holdingStream } from '../domain/holding.ts';
import { type NamespaceState, namespace, namespaceNotFound, namespaceStream } from '../domain/namespace.ts';
import { quotaScope, quotaScopeStream } from '../domain/quota-scope.ts';
import { isGone, tenant as tenantDecider, tenantNotFound, tenantStream } from '../domain/tenant.ts';
import { originOf } from '../origin.ts';
import { quotaDenial } from '../quota-denials.ts';

/** The first is decided on what is in memory; each is lost to a change of the tenant's entitlements or of the namespace. */
const TRIES = 5;

const refused = (rejection: Rejection): CommandOutcome => ({ ok: false, rejection });

const holderNotFound = reject('NOT_FOUND', 'There is no such holder.', 'holderId');

/** A namespace that isn't deleted; another tenant's namespace and a missing one are the same. */
async function namespaceOf(tenant: Tenant, found: Promise<Loaded<NamespaceState>>) {
  const { tenant: whose, state } = await found;
  return whose !== tenant || state.status === 'absent' || state.status === 'deleted' ? null : state;
}

/** Of a namespace that isn't deleted. */
export async function environmentOf(
  store: EventStore,
  tenant: Tenant,
  namespaceId: Id<'namespace'>,
): Promise<Id<'environment'> | null> {
  const found = loadState(store, { decider: namespace, stream: namespaceStream(namespaceId) });
  return (await namespaceOf(tenant, found))?.environmentId ?? null;
}

/** A refused claim of the ledger is told with who holds what, which has to be looked up. */
export async function withDenial(
  store: EventStore,
  tenant: Tenant,
  asking: string,
  decide: (onClaimConflict: (conflict: ClaimConflict) => Rejection) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  let met: ClaimConflict | null = null;
  const outcome = await decide((conflict) => {
    const { claim, at } = conflict;
    const ledger = at !== undefined || claim.op === 'limit';
    met = ledger ? conflict : null;
    return ledger ? reject('QUOTA_EXCEEDED', 'There is no room.') : denied(conflict);
  });
  if (outcome.ok || met === null) return outcome;
  return refused((await quotaDenial(store, tenant, met, asking)) ?? outcome.rejection);
}

export async function reserveQuota(
  store: EventStore,
  input: TenancyInput<'ReserveQuota'>,
  context: CommandContext,
): Promise<CommandOutcome> {
  const { tenant } = context;
  if (tenant === PLATFORM) return refused(tenantNotFound);
  const { holderId, namespaceId, name, owner, amounts, ttlSeconds } = input;
  const reservationId = newId('reservation');
  const now = Date.now();
  const until = new Date(now + ttlSeconds * 1000).toISOString();
  const useBefore = new Date(now + (ttlSeconds * 2000) / 3).toISOString();
  // Decided on namespace and limits as they were when they were last seen, for the commit requires them to be so still.
  // Where they aren't, on what they are then.
  for (let attempt = 1; ; attempt += 1) {
    const load = attempt === 1 ? recallState : loadState;
    const place = await namespaceOf(tenant, load(store, { decider: namespace, stream: namespaceStream(namespaceId) }));
    if (place === null) return refused(namespaceNotFound);
    const { environmentId, name: namespaceName } = place;
    const { limits, entitlements } = await limitsOf(store, tenant, load);
    let again = false;
    const outcome = await withDenial(store, tenant, `${name} (${holderId})`, (onClaimConflict) =>
      handleCommand(store, {
        decider: holding,
        stream: holdingStream(holderId),
        command: {
          ...{ kind: 'reserve', tenant, holderId, namespaceId, environmentId, name, owner },
          ...{ reservationId, amounts, until, useBefore, limits, entitlements, namespaceName },
        },
        origin: originOf(context),
        idempotency: { key: context.key, request: { ReserveQuota: input } },
        result: { reservationId, useBefore },
        onClaimConflict(conflict) {
          again = conflict.claim.set === 'entitlements' || conflict.claim.set === 'namespace-name';
          return onClaimConflict(conflict);
        },
        notFound: holderNotFound,
      }),
    );
    if (!again || attempt === TRIES) return outcome;
  }
}

/** What the tenant may hold, and the mark that a commit which rests on it requires. */
async function limitsOf(
  store: EventStore,
  tenant: Id<'tenant'>,
  load: typeof loadState,
): Promise<{ readonly limits: QuotaLimits; readonly entitlements: string | null }> {
  const { state: entitled } = await load(store, { decider: entitlementsDecider, stream: entitlementsStream(tenant) });
  if (entitled.status !== 'absent') {
    return { limits: entitled.effective.limits, entitlements: entitlementsKey(tenant, entitled.revision) };
  }
  const { state } = await loadState(store, { decider: tenantDecider, stream: tenantStream(tenant) });
  return { limits: isGone(state) ? {} : state.limits, entitlements: null };
}

export async function releaseQuota(
  store: EventStore,
  input: TenancyInput<'ReleaseQuota'>,
  context: CommandContext,
): Promise<CommandOutcome> {
  const { tenant } = context;
  if (tenant === PLATFORM) return refused(tenantNotFound);
  const { holderId, reservationId } = input;
  return handleCommand(store, {
    decider: holding,
    stream: holdingStream(holderId),
    command: { kind: 'end', tenant, reservationId, reason: 'RELEASED' },
    origin: originOf(context),
    idempotency: { key: context.key, request: { ReleaseQuota: input } },
    result: {},
    notFound: holderNotFound,
  });
}

const whichScope = reject(
  'INVALID_ARGUMENT',
  'Say which environment is to be limited, or which namespace, and not both. The limits of the whole tenant are the ' +
    "operator's to set.",
  'namespaceId',
);
const nowhere = reject(
  'INVALID_ARGUMENT',
  'namespaces: a namespace holds no namespaces. Limit them in its environment.',
  'limits.namespaces',
);

export async function setQuota(
  store: EventStore,
  input: TenancyInput<'SetQuota'>,
  context: CommandContext,
): Promise<CommandOutcome> {
  const { tenant } = context;
  if (tenant === PLATFORM) return refused(tenantNotFound);
  const { environmentId, namespaceId, limits } = input;
  if ((environmentId === null) === (namespaceId === null)) return refused(whichScope);
  if (namespaceId !== null && limits.namespaces != null) return refused(nowhere);
  const inEnvironment = environmentId ?? (namespaceId && (await environmentOf(store, tenant, namespaceId)));
  if (inEnvironment === null) return refused(namespaceNotFound);
  const scopeId = namespaceId ?? inEnvironment;
  return withDenial(store, tenant, scopeId, (onClaimConflict) =>
    handleCommand(store, {
      decider: quotaScope,
      stream: quotaScopeStream(scopeId),
      command: { tenant, environmentId: inEnvironment, namespaceId, limits },
      origin: originOf(context),
      idempotency: { key: context.key, request: { SetQuota: input } },
      expectedVersion: context.expectedVersion,
      result: { environmentId, namespaceId },
      onClaimConflict,
      notFound: namespaceNotFound,
    }),
  );
}
