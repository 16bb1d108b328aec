/** The write door of labels of tenants, environments and namespaces. */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { labelCommands } from '@atoll/schema/tenancy/labels';
import type { CommandHandlers } from '@atoll/service/commands';
import { answer } from '../answer.ts';
import { denied } from '../denials.ts';
import { environment, environmentNotFound, environmentStream } from '../domain/environment.ts';
import { namespace, namespaceNotFound, namespaceStream } from '../domain/namespace.ts';
import { tenant, tenantNotFound, tenantStream } from '../domain/tenant.ts';
import { activeTenant } from '../load.ts';
import { originOf } from '../origin.ts';

export function labelHandlers(store: EventStore): CommandHandlers<typeof labelCommands> {
  return {
    async SetTenantLabels(input, context) {
      const outcome = await handleCommand(store, {
        decider: tenant,
        stream: tenantStream(context.tenant),
        command: { kind: 'setLabels', labels: input.labels },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetTenantLabels: input } },
        result: { tenantId: context.tenant },
        onClaimConflict: denied,
        notFound: tenantNotFound,
      });
      return answer('SetTenantLabels', outcome);
    },

    async SetEnvironmentLabels(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const { environmentId, labels } = input;
      const outcome = await handleCommand(store, {
        decider: environment,
        stream: environmentStream(environmentId),
        command: { kind: 'setLabels', tenant: owner.id, labels },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetEnvironmentLabels: input } },
        expectedVersion: context.expectedVersion,
        result: { environmentId },
        onClaimConflict: denied,
        notFound: environmentNotFound,
      });
      return answer('SetEnvironmentLabels', outcome);
    },

    async SetNamespaceLabels(input, context) {
      const owner = await activeTenant(store, context.tenant);
      if (!owner.ok) return owner;
      const { namespaceId, labels } = input;
      const outcome = await handleCommand(store, {
        decider: namespace,
        stream: namespaceStream(namespaceId),
        command: { kind: 'setLabels', tenant: owner.id, labels },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetNamespaceLabels: input } },
        expectedVersion: context.expectedVersion,
        result: { namespaceId },
        onClaimConflict: denied,
        notFound: namespaceNotFound,
      });
      return answer('SetNamespaceLabels', outcome);
    },
  };
}
