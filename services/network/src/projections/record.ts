/** An own event, and who and why for what a controller will do because of it. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { NetworkEvent } from '@atoll/schema/network/events';

export type NetworkRecord<T extends NetworkEvent['type'] = NetworkEvent['type']> = EventRecord &
  Extract<NetworkEvent, { type: T }>;

export const because = ({ id, correlation, traceparent }: EventRecord) => [id, correlation, traceparent] as const;
