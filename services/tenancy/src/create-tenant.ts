/**
 * CreateTenant. Its facts belong to the tenant that it creates, and so does the answer stored under its idempotency
 * key. A repeat can't know that tenant: it makes up a new id, fails on the claim `tenant-request`, and is led by that
 * claim's owner to the first answer. Claim, facts and answer are one commit, so of any number of repeats one creates.
 */
import { type CommandOutcome, type EventStore, handleCommand } from '@atoll/events/store';
import { reject } from '@atoll/schema/errors';
import { id, PLATFORM } from '@atoll/schema/ids';
import type { TenancyInput } from '@atoll/schema/tenancy/commands';
import type { CommandContext } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { denied, keyReused } from './denials.ts';
import { limitsOf, tenant, tenantStream } from './domain/tenant.ts';
import { originOf } from './origin.ts';

export async function createTenant(
  store: EventStore,
  input: TenancyInput<'CreateTenant'>,
  context: CommandContext,
): Promise<CommandOutcome> {
  if (context.tenant !== PLATFORM) {
    return { ok: false, rejection: reject('FORBIDDEN', 'Only the operator creates tenants.') };
  }
  const tenantId = newId('tenant');
  const idempotency = { key: context.key, request: { CreateTenant: input } };
  let earlier: string | undefined;
  const outcome = await handleCommand(store, {
    decider: tenant,
    stream: tenantStream(tenantId),
    newStream: true,
    command: {
      kind: 'create',
      tenantId,
      requestKey: context.key,
      name: input.name,
      limits: limitsOf(input.limits),
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
  if (earlier === undefined) return outcome;
  const stored = await store.storedAnswer(id('tenant').parse(earlier), idempotency);
  if (stored?.outcome !== 'replayed') return { ok: false, rejection: keyReused };
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}
