/** (public address, protocol, port) → instances of a tenant. Stream `portMapping:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { MappingTarget } from '@atoll/schema/network/addresses';
import type { NetworkEvent } from '@atoll/schema/network/events';
import {
  publicPortKey,
  releaseAmount,
  releaseUnique,
  requireClaim,
  requireOpen,
  takeAmount,
  takeUnique,
  useBefore,
} from './claims.ts';
import { mappingsPerAddress } from './public-address.ts';

export type PortMappingEvent = Extract<NetworkEvent, { type: 'PortMappingCreated' | 'PortMappingDeleted' }>;

export interface PublicPort {
  readonly portMappingId: Id<'portMapping'>;
  readonly publicAddressId: Id<'publicAddress'>;
  readonly namespaceId: Id<'namespace'>;
  readonly address: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

export type PortMappingState =
  | { readonly status: 'absent' }
  | { readonly status: 'open'; readonly mapping: PublicPort }
  | { readonly status: 'deleted' };

export type PortMappingCommand =
  | ({ readonly kind: 'create'; readonly useBefore: string; readonly target: MappingTarget } & PublicPort)
  | { readonly kind: 'delete' };

export const portMappingStream = (id: string) => `portMapping:${id}`;
export const noPortMapping = reject('NOT_FOUND', 'There is no such port mapping.', 'portMappingId');

export const portMapping: Decider<PortMappingState, PortMappingCommand, PortMappingEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'create': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The port mapping is there already.'));
        const { kind: _, useBefore: before, ...data } = command;
        const { portMappingId: owner, publicAddressId, namespaceId } = data;
        return accept<PortMappingEvent>(
          [{ type: 'PortMappingCreated', data }],
          [
            requireOpen(namespaceId),
            useBefore(before),
            requireClaim('public-address', publicAddressId),
            ...(data.target.kind === 'SERVICE' ? [requireClaim('service', data.target.serviceId)] : []),
            takeUnique('public-port', publicPortKey(data), owner),
            takeAmount('public-mappings', publicAddressId, owner, 1, mappingsPerAddress),
          ],
        );
      }
      case 'delete': {
        if (state.status === 'absent') return refuse(noPortMapping);
        if (state.status === 'deleted') return accept<PortMappingEvent>([]);
        const { mapping } = state;
        return accept<PortMappingEvent>(
          [{ type: 'PortMappingDeleted', data: mapping }],
          [
            releaseUnique('public-port', publicPortKey(mapping), mapping.portMappingId),
            releaseAmount('public-mappings', mapping.publicAddressId, mapping.portMappingId),
          ],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'PortMappingCreated': {
        const { target: _, ...mapping } = event.data;
        return { status: 'open', mapping };
      }
      case 'PortMappingDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};
