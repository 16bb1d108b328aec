/** Whether a namespace gets further subnets by itself. Stream `subnetGrowth:<namespace id>`. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { requireOpen } from './claims.ts';

export type SubnetGrowthEvent = Extract<NetworkEvent, { type: 'SubnetGrowthSet' }>;

export interface SubnetGrowthCommand {
  readonly namespaceId: Id<'namespace'>;
  readonly automatic: boolean;
}

export const subnetGrowthStream = (id: string) => `subnetGrowth:${id}`;

/** The state is whether it does: not, until somebody wants it. */
export const subnetGrowth: Decider<boolean, SubnetGrowthCommand, SubnetGrowthEvent> = {
  initial: false,
  decide: (state, { namespaceId, automatic }) =>
    state === automatic
      ? accept<SubnetGrowthEvent>([])
      : accept<SubnetGrowthEvent>(
          [{ type: 'SubnetGrowthSet', data: { namespaceId, automatic } }],
          [requireOpen(namespaceId)],
        ),
  evolve: (_state, { data }) => data.automatic,
};
