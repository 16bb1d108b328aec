/**
 * CreateTenant. Its facts belong to the tenant that it creates, and so does the answer stored under its idempotency
 * key. A repeat can't know that tenant: it makes up a new id, fails on the claim `tenant-request`, and is led by that
 * claim's owner to the first answer. Claim, facts and answer are one commit, so of any number of repeats one creates.
 */
import { type CommandOutcome, type EventStore, handleCommand } from '@atoll/events/store';
import { reject } from '@atoll/schema/errors';
import { type Id, id, PLATFORM } from '@atoll/schema/ids';
import type { TenancyInput } from '@atoll/schema/tenancy/commands';
import { DEFAULT_PLAN, effectiveTerms, noOverrides } from '@atoll/schema/tenancy/plans';
import type { CommandContext } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { denied, keyReused } from './denials.ts';
import { limitsOf, tenant, tenantStream } from './domain/tenant.ts';
import { decideEntitlements } from './entitle.ts';
import { planNow } from './load.ts';
import { originOf } from './origin.ts';

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export async function createTenant(
  store: EventStore,
  input: TenancyInput<'CreateTenant'>,
  context: CommandContext,
): Promise<CommandOutcome> {
  if (context.tenant !== PLATFORM) {
    return { ok: false, rejection: reject('FORBIDDEN', 'Only the operator creates tenants.') };
  }
  const planId = input.planId ?? DEFAULT_PLAN;
  const chosen = await planNow(store, planId);
  if (!chosen.ok) return chosen;
  const overrides = { ...noOverrides, limits: defined(input.limits ?? {}) };
  const { limits } = effectiveTerms(chosen.plan.terms, overrides);
  const tenantId = newId('tenant');
  const idempotency = { key: context.key, request: { CreateTenant: input } };
  /**
   * What it may hold and use, under a key of its own: done once, whatever becomes of this process in between. Where nobody
   * repeats the request, the followers of plans see to it, by the claim `plan-chosen`; until then it has its own limits.
   */
  const entitle = async (of: Id<'tenant'>, made: Extract<CommandOutcome, { ok: true }>): Promise<CommandOutcome> => {
    const outcome = await decideEntitlements(store, async () => planId, {
      tenantId: of,
      command: (plan) => ({ kind: 'assign', tenantId: of, plan, overrides, despiteUse: true }),
      origin: { ...originOf(context), tenant: of },
      idempotency: { key: `${context.key}:entitlements`, request: { CreateTenant: input } },
    });
    return outcome.ok ? { ...made, position: Math.max(made.position, outcome.position) } : outcome;
  };
  let earlier: string | undefined;
  const outcome = await handleCommand(store, {
    decider: tenant,
    stream: tenantStream(tenantId),
    newStream: true,
    command: {
      kind: 'create',
      tenantId,
      requestKey: context.key,
      planId,
      name: input.name,
      limits: limitsOf(limits),
      members: input.members.map((member) => ({ memberId: newId('member'), ...member })),
    },
    origin: { ...originOf(context), tenant: tenantId },
    idempotency,
    result: { tenantId },
    onClaimConflict(conflict) {
      if (conflict.claim.set === 'tenant-request') earlier = conflict.holders[0]?.owner;
      return denied(conflict);
    },
  });
  if (earlier === undefined) return outcome.ok ? await entitle(tenantId, outcome) : outcome;
  const stored = await store.storedAnswer(id('tenant').parse(earlier), idempotency);
  if (stored?.outcome !== 'replayed') return { ok: false, rejection: keyReused };
  const { result, position, version } = stored;
  return await entitle(id('tenant').parse(earlier), { ok: true, result, position, version, replayed: true });
}
