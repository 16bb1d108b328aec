/** InvitationAccepted → MemberAdded, where the process that accepted it didn't come to it. */
import { refusal } from '@atoll/events/outage';
import type { EventStore } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { admit } from '../admit.ts';

type Accepted = Extract<TenancyEvent, { type: 'InvitationAccepted' }>;

/** Throws where the person can't become a member: the event is parked, and the operator sees why. */
export async function onInvitationAccepted(store: EventStore, record: EventRecord): Promise<void> {
  if (record.type !== ('InvitationAccepted' satisfies Accepted['type'])) return;
  const { data, tenant, actor, correlation, traceparent } = record as EventRecord & Accepted;
  const { invitationId, memberId, subject, role, displayName, email } = data;
  const outcome = await admit(
    store,
    invitationId,
    { memberId, subject, role, displayName, email },
    { tenant, actor, cause: record.id, correlation, traceparent },
  );
  // Somebody added them meanwhile: they are what they were to become. Or the tenant is gone, and there is nothing to join.
  if (!outcome.ok && outcome.rejection.code !== 'ILLEGAL_STATE' && outcome.rejection.code !== 'NOT_FOUND') {
    throw refusal(`InvitationAccepted of ${invitationId}`, outcome.rejection);
  }
}
