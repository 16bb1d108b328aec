/** What the owners of holders say that these hold now → QuotaCommitted: the ledger follows. */
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import type { Context } from '@atoll/schema/contexts';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { QuotaAmounts } from '@atoll/schema/tenancy/quotas';
import { environmentOf } from '../commands/quotas.ts';
import { holding, holdingStream } from '../domain/holding.ts';

interface Word {
  readonly holderId: string;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  readonly owner: Context;
  readonly amounts: QuotaAmounts;
  readonly reservationId: Id<'reservation'> | null;
}

function wordOfDeploy(event: DeployEvent): Word | null {
  if (event.type !== 'HoldingChanged') return null;
  const { deploymentId, namespaceId, name, amounts, reservationId } = event.data;
  return { holderId: deploymentId, namespaceId, name, owner: 'deploy', amounts, reservationId };
}

/** What of network is held, as of the event: a subnet, a public address or a port is the only use of its id. */
function heldOf(event: NetworkEvent): Pick<Word, 'holderId' | 'namespaceId' | 'name' | 'amounts'> | null {
  switch (event.type) {
    case 'SubnetAllocated':
    case 'SubnetReleased': {
      const { subnetId: holderId, namespaceId, ipv4: name } = event.data;
      return { holderId, namespaceId, name, amounts: { subnets: event.type === 'SubnetAllocated' ? 1 : 0 } };
    }
    case 'PublicAddressAllocated':
    case 'PublicAddressReleased': {
      const { publicAddressId: holderId, namespaceId, name } = event.data;
      return { holderId, namespaceId, name, amounts: { publicIps: event.type === 'PublicAddressAllocated' ? 1 : 0 } };
    }
    case 'PortMappingCreated':
    case 'PortMappingDeleted': {
      const { portMappingId: holderId, namespaceId, address, protocol, port } = event.data;
      const name = `${address} ${protocol}/${port}`;
      return { holderId, namespaceId, name, amounts: { ports: event.type === 'PortMappingCreated' ? 1 : 0 } };
    }
    default:
      return null;
  }
}

function wordOfNetwork(event: NetworkEvent): Word | null {
  const held = heldOf(event);
  // Whatever was reserved for its id was reserved for this.
  return held && { ...held, owner: 'network', reservationId: null };
}

const wordOf = (record: EventRecord): Word | null =>
  record.context === 'deploy'
    ? wordOfDeploy(record as EventRecord & DeployEvent)
    : wordOfNetwork(record as EventRecord & NetworkEvent);

export async function onHoldingTold(store: EventStore, record: EventRecord): Promise<void> {
  const word = wordOf(record);
  const { tenant } = record;
  if (word === null || tenant === PLATFORM) return;
  const stream = holdingStream(word.holderId);
  const { state } = await loadState(store, { decider: holding, stream });
  const known = state.status === 'known' ? state : null;
  const environmentId = known?.environmentId ?? (await environmentOf(store, tenant, word.namespaceId));
  // Its namespace is gone, and with it all that was in it.
  if (environmentId === null) return;
  const reservationId = word.owner === 'network' ? (known?.reservations[0]?.reservationId ?? null) : word.reservationId;
  const outcome = await handleCommand(store, {
    decider: holding,
    stream,
    command: { ...word, kind: 'commit', tenant, environmentId, told: record.version, reservationId },
    origin: {
      ...{ tenant, actor: 'service:tenancy', cause: record.id },
      ...{ correlation: record.correlation, traceparent: record.traceparent },
    },
    idempotency: { key: `event:${record.id}`, request: { commit: word.holderId } },
  });
  if (!outcome.ok) throw refusal(`${record.type} of ${word.holderId}`, outcome.rejection);
}
