/** How the other nodes reach a node. Stream `node:<id>`, of the platform. No two nodes have the same end of the tunnel. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { detachReasons } from '@atoll/schema/network/nodes';
import { releaseUnique, takeUnique } from './claims.ts';

export type NodeEvent = Extract<NetworkEvent, { type: 'NodeAttached' | 'NodeDetached' }>;

export interface Underlay {
  readonly address: string;
  readonly port: number;
  readonly mac: string;
  readonly mtu: number;
}
export type NodeState =
  | { readonly status: 'detached' }
  | { readonly status: 'attached'; readonly nodeId: Id<'node'>; readonly underlay: Underlay };

export type NodeCommand =
  | { readonly kind: 'attach'; readonly nodeId: Id<'node'>; readonly underlay: Underlay }
  | { readonly kind: 'detach'; readonly reason: (typeof detachReasons)[number] };

export const nodeStream = (id: string) => `node:${id}`;
/** What no two nodes have. By the hardware address packets find their node: who had another's would get what is meant for it. */
const keysOf = ({ address, port, mac }: Underlay) =>
  [
    { set: 'tunnel-end', key: `${address} ${port}` },
    { set: 'tunnel-mac', key: mac },
  ] as const;

export const sameUnderlay = (a: Underlay, b: Underlay) =>
  a.address === b.address && a.port === b.port && a.mac === b.mac && a.mtu === b.mtu;

const nothing = accept<NodeEvent>([]);

export const node: Decider<NodeState, NodeCommand, NodeEvent> = {
  initial: { status: 'detached' },

  decide(state, command) {
    switch (command.kind) {
      case 'attach': {
        const { nodeId, underlay } = command;
        if (state.status === 'attached' && sameUnderlay(state.underlay, underlay)) return nothing;
        const before = state.status === 'attached' ? keysOf(state.underlay) : [];
        const keys = keysOf(underlay);
        const { address, port, mac, mtu } = underlay;
        return accept<NodeEvent>(
          [{ type: 'NodeAttached', data: { nodeId, address, port, mac, mtu } }],
          [
            ...before
              .filter((old) => !keys.some(({ key }) => key === old.key))
              .map(({ set, key }) => releaseUnique(set, key, nodeId)),
            ...keys.map(({ set, key }) => takeUnique(set, key, nodeId)),
          ],
        );
      }
      case 'detach': {
        if (state.status === 'detached') return nothing;
        const { nodeId, underlay } = state;
        return accept<NodeEvent>(
          [{ type: 'NodeDetached', data: { nodeId, reason: command.reason } }],
          keysOf(underlay).map(({ set, key }) => releaseUnique(set, key, nodeId)),
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'NodeAttached': {
        const { nodeId, ...underlay } = event.data;
        return { status: 'attached', nodeId, underlay };
      }
      case 'NodeDetached':
        return { status: 'detached' };
      default:
        return event satisfies never;
    }
  },
};
