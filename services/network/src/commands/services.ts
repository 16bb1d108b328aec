/** Commands of services. */
import {
  type ClaimConflict,
  type CommandOutcome,
  type EventStore,
  handleCommand,
  loadState,
} from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { MAX_SERVICES, type ServiceSpec, type serviceCommands } from '@atoll/schema/network/services';
import type { CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { beingDeleted, namespaceRefusal } from '../denials.ts';
import { service, serviceNotFound, serviceStream } from '../domain/service.ts';
import { originOf } from '../origin.ts';
import type { ServiceAddresses } from '../pools/service-addresses.ts';
import { answer, refusedUnlessDone } from './answer.ts';

/** Each try lost a race for an address. */
const maxTries = 32;

const nameTaken = reject(
  'NAME_TAKEN',
  'There is already a service of that name in the namespace. Choose another one.',
  'name',
);
const tooMany = reject(
  'QUOTA_EXCEEDED',
  `The namespace has ${MAX_SERVICES} services, and can't have more. Delete one that isn't needed.`,
  'namespaceId',
);
const exhausted = reject(
  'ADDRESSES_EXHAUSTED',
  "The platform's range for services has no free address left. Delete a service that isn't needed, or ask the operator to add a range for services of each family.",
);
const contended = reject('UNAVAILABLE', 'Too many services are being created at this moment. Try again.');

type Warning = { readonly code: 'SELECTS_NOTHING'; readonly message: string };

export interface ServiceNeeds {
  readonly store: EventStore;
  readonly db: Pool;
  readonly addresses: ServiceAddresses;
  /** Resolves once the local tables have what was committed so far, or after a short while. */
  readonly caughtUp: () => Promise<void>;
}

export function serviceHandlers(options: ServiceNeeds): CommandHandlers<typeof serviceCommands> {
  const { store, db, addresses, caughtUp } = options;

  /** Instances come and go: it is told, and no reason to refuse. */
  async function warningsOf(namespaceId: Id<'namespace'>, { selector }: ServiceSpec): Promise<Warning[]> {
    const { rowCount } = await db.query(
      'select from network.deploy_instance where namespace_id = $1 and labels @> $2 and wanted limit 1',
      [namespaceId, JSON.stringify(selector)],
    );
    if (rowCount !== 0) return [];
    const message =
      Object.keys(selector).length === 0
        ? 'There is no instance in the namespace now: connections to the service are refused until there is.'
        : 'No instance of the namespace carries all of these labels now: connections to the service are refused until one does.';
    return [{ code: 'SELECTS_NOTHING', message }];
  }

  return {
    async CreateService(input, context) {
      const { namespaceId, name, spec } = input;
      const idempotency = { key: context.key, request: { CreateService: input } };
      const refused = async (rejection: Rejection) =>
        answer('CreateService', await refusedUnlessDone(store, context, idempotency, rejection));
      const rejection = await namespaceRefusal(store, context.tenant, namespaceId, 'namespaceId');
      if (rejection) return refused(rejection);
      const serviceId = newId('service');
      const warnings = await warningsOf(namespaceId, spec);
      for (let lost = 0; lost < maxTries; lost++) {
        let pair = await addresses.next(lost);
        if (pair === null) {
          // A range may have been added a moment ago.
          await caughtUp();
          pair = await addresses.next(lost);
        }
        if (pair === null) return refused(exhausted);
        let raced = false;
        const onClaimConflict = ({ claim }: ClaimConflict): Rejection => {
          if (claim.set === 'service-name') return nameTaken;
          if (claim.set === 'services') return tooMany;
          if (claim.set === 'address') {
            raced = true;
            return contended;
          }
          return beingDeleted('namespaceId');
        };
        const outcome: CommandOutcome = await handleCommand(store, {
          decider: service,
          stream: serviceStream(serviceId),
          newStream: true,
          command: { kind: 'create', serviceId, namespaceId, name, spec, ...pair },
          origin: originOf(context),
          idempotency,
          result: { serviceId, warnings },
          onClaimConflict,
        });
        if (!raced) return answer('CreateService', outcome);
        await caughtUp();
      }
      return refused(contended);
    },

    async UpdateService(input, context) {
      const { serviceId, spec } = input;
      const stream = serviceStream(serviceId);
      const known = await loadState(store, { decider: service, stream });
      const namespaceId =
        known.tenant === context.tenant && known.state.status === 'active' ? known.state.namespaceId : null;
      const outcome = await handleCommand(store, {
        decider: service,
        stream,
        command: { kind: 'update', spec, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { UpdateService: input } },
        result: { serviceId, warnings: namespaceId === null ? [] : await warningsOf(namespaceId, spec) },
        onClaimConflict: () => beingDeleted('serviceId'),
        notFound: serviceNotFound,
      });
      return answer('UpdateService', outcome);
    },

    async SetServiceLabels(input, context) {
      const { serviceId, labels } = input;
      const outcome = await handleCommand(store, {
        decider: service,
        stream: serviceStream(serviceId),
        command: { kind: 'setLabels', labels, seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { SetServiceLabels: input } },
        result: { serviceId },
        onClaimConflict: () => beingDeleted('serviceId'),
        notFound: serviceNotFound,
      });
      return answer('SetServiceLabels', outcome);
    },

    async DeleteService(input, context) {
      const { serviceId } = input;
      const outcome = await handleCommand(store, {
        decider: service,
        stream: serviceStream(serviceId),
        command: { kind: 'delete', seen: context.expectedVersion },
        origin: originOf(context),
        idempotency: { key: context.key, request: { DeleteService: input } },
        result: { serviceId },
        notFound: serviceNotFound,
      });
      return answer('DeleteService', outcome);
    },
  };
}
