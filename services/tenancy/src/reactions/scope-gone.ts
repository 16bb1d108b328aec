/** NamespaceDeleted, EnvironmentDeleted → RoleUnbound for each binding that was for it: it gives nothing any more. */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { tenant, tenantNotFound, tenantStream } from '../domain/tenant.ts';

function goneWith(record: EventRecord): Scope | null {
  const event = record as EventRecord & TenancyEvent;
  switch (event.type) {
    case 'NamespaceDeleted': {
      const { environmentId, namespaceId } = event.data;
      return { level: 'namespace', environmentId, namespaceId };
    }
    case 'EnvironmentDeleted':
      return { level: 'environment', environmentId: event.data.environmentId };
    default:
      return null;
  }
}

/** Throws where the command is refused: for good, and its consumer parks the event; or for the moment, and it tries again. */
export async function onScopeGone(store: EventStore, record: EventRecord): Promise<void> {
  const scope = goneWith(record);
  if (scope === null) return;
  const outcome = await handleCommand(store, {
    decider: tenant,
    stream: tenantStream(record.tenant),
    command: { kind: 'endBindings', scope },
    origin: {
      tenant: record.tenant,
      actor: 'service:tenancy',
      cause: record.id,
      correlation: record.correlation,
      traceparent: record.traceparent,
    },
    idempotency: { key: `event:${record.id}`, request: { endBindings: scope } },
    notFound: tenantNotFound,
  });
  if (!outcome.ok) throw refusal(`${record.type} of ${record.stream}`, outcome.rejection);
}
