/** Events of quotas → who holds what, and the limits that environments and namespaces have of their own. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import { measureNames, type QuotaAmounts } from '@atoll/schema/tenancy/quotas';
import { derive, type Effect, instant, put, remove } from './effects.ts';

type QuotaEvent = Extract<TenancyEvent, { type: `Quota${string}` }>;

/** As the SDL spells a measure: `cpuMillis` → `CPU_MILLIS`, `memoryMiB` → `MEMORY_MIB`. */
export const shownMeasure = (measure: string): string =>
  measure
    .replace('MiB', 'Mib')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase();

const kinds: Readonly<Record<string, string>> = {
  dep: 'DEPLOYMENT',
  sub: 'SUBNET',
  ns: 'NAMESPACE',
  pub: 'PUBLIC_ADDRESS',
  map: 'PORT_MAPPING',
};
const kindOf = (holderId: string): string => kinds[holderId.split('_')[0] ?? ''] ?? 'OTHER';

interface Facts {
  readonly holderId: string;
  readonly environmentId: string;
  readonly namespaceId: string | null;
  readonly name: string;
}

/** That it is there, and where; what it holds is worked out of the rest. */
const holder = ({ holderId: id, environmentId, namespaceId, name }: Facts, tenant_id: string): Effect =>
  put('quota_holder', id, {
    ...{ id, tenant_id, environment_id: environmentId, namespace_id: namespaceId, name, kind: kindOf(id) },
  });

const shown = (amounts: QuotaAmounts) =>
  measureNames.flatMap((measure) => {
    const amount = amounts[measure] ?? 0;
    return amount === 0 ? [] : [{ measure: shownMeasure(measure), amount }];
  });

/** What is limited there has changed, or what is held: its numbers are worked out anew. */
export const scope = (...ids: readonly (string | null)[]): Effect[] =>
  ids.flatMap((id) => (id === null ? [] : [derive('quotaScope', id)]));

/** A namespace holds itself of the quotas of its environment and its tenant. */
export function namespaceHeld(
  namespace: { readonly namespaceId: string; readonly environmentId: string; readonly name: string },
  tenant_id: string,
): Effect[] {
  const { namespaceId: holderId, environmentId, name } = namespace;
  return [
    holder({ holderId, environmentId, namespaceId: null, name }, tenant_id),
    put('quota_committed', holderId, { id: holderId, tenant_id, amounts: { namespaces: 1 } }),
    derive('quotaHolder', holderId),
    ...scope(holderId, environmentId, tenant_id),
  ];
}

export function namespaceGone(
  { namespaceId, environmentId }: { readonly namespaceId: string; readonly environmentId: string },
  tenant_id: string,
): Effect[] {
  return [
    remove('quota_committed', namespaceId),
    remove('quota_limit', namespaceId),
    derive('quotaHolder', namespaceId),
    ...scope(environmentId, tenant_id),
  ];
}

export function projectQuota(event: QuotaEvent, record: EventRecord): readonly Effect[] {
  const tenant_id = record.tenant;
  if (event.type === 'QuotaSet') {
    const { environmentId, namespaceId, limits } = event.data;
    const id = namespaceId ?? environmentId;
    return [put('quota_limit', id, { id, tenant_id, limits }), ...scope(id)];
  }
  const { holderId, environmentId, namespaceId } = event.data;
  const worked = [derive('quotaHolder', holderId), ...scope(namespaceId, environmentId, tenant_id)];
  switch (event.type) {
    case 'QuotaReserved': {
      const { reservationId: id, amounts, until } = event.data;
      const row = { id, tenant_id, holder_id: holderId, amounts, until };
      return [holder(event.data, tenant_id), put('quota_reservation', id, row), ...worked];
    }
    case 'QuotaCommitted': {
      const { amounts, reservationId } = event.data;
      const holds = Object.values(amounts).some((amount) => (amount ?? 0) > 0);
      return [
        holder(event.data, tenant_id),
        // One that holds nothing is mostly gone for good.
        holds
          ? put('quota_committed', holderId, { id: holderId, tenant_id, amounts })
          : remove('quota_committed', holderId),
        ...(reservationId === null ? [] : [remove('quota_reservation', reservationId)]),
        ...worked,
      ];
    }
    case 'QuotaReservationEnded':
      return [remove('quota_reservation', event.data.reservationId), ...worked];
    case 'QuotaDifferenceFound': {
      const { name, recorded, actual } = event.data;
      const row = { id: holderId, tenant_id, namespace_id: namespaceId, name, found_at: instant(record.time) };
      return [put('quota_difference', holderId, { ...row, recorded: shown(recorded), actual: shown(actual) })];
    }
    case 'QuotaDifferenceEnded':
      return [remove('quota_difference', holderId)];
    default:
      return event satisfies never;
  }
}
