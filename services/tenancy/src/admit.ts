/** Makes a member of somebody who has accepted an invitation: once, however often it is asked for. */
import { type CommandOutcome, type EventStore, handleCommand, type Origin } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole } from '@atoll/schema/permissions';
import { denied } from './denials.ts';
import { tenant, tenantNotFound, tenantStream } from './domain/tenant.ts';

export interface Admitted {
  readonly memberId: Id<'member'>;
  readonly subject: string;
  readonly role: BuiltInRole;
  readonly displayName: string | null;
  readonly email: string | null;
}

export async function admit(
  store: EventStore,
  invitationId: Id<'invitation'>,
  { memberId, subject, role, displayName, email }: Admitted,
  origin: Origin,
): Promise<CommandOutcome> {
  return await handleCommand(store, {
    decider: tenant,
    stream: tenantStream(origin.tenant),
    // Whoever invited them has said so; that they might was judged then.
    command: { kind: 'addMember', by: { kind: 'platform' }, memberId, subject, role, displayName, email },
    origin,
    idempotency: { key: `invitation:${invitationId}`, request: { admit: memberId } },
    result: { memberId },
    onClaimConflict: denied,
    notFound: tenantNotFound,
  });
}
