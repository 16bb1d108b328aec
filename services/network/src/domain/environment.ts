/** That an environment is there: policies may name it. Stream `environment:<id>`. */
import { accept, type Decider } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { releaseUnique, takeUnique } from './claims.ts';

export type EnvironmentEvent = Extract<NetworkEvent, { type: 'EnvironmentOpened' | 'EnvironmentClosed' }>;
export type EnvironmentState = 'absent' | 'open' | 'closed';

export interface EnvironmentCommand {
  readonly kind: 'open' | 'close';
  readonly environmentId: Id<'environment'>;
}

export const environmentStream = (id: string) => `environment:${id}`;

const mark = 'environment-open';

export const environment: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initial: 'absent',

  decide(state, { kind, environmentId }) {
    switch (kind) {
      case 'open':
        // What is told late of what is gone brings nothing back.
        if (state !== 'absent') return accept<EnvironmentEvent>([]);
        return accept<EnvironmentEvent>(
          [{ type: 'EnvironmentOpened', data: { environmentId } }],
          [takeUnique(mark, environmentId, environmentId)],
        );
      case 'close':
        if (state === 'closed') return accept<EnvironmentEvent>([]);
        return accept<EnvironmentEvent>(
          [{ type: 'EnvironmentClosed', data: { environmentId } }],
          [releaseUnique(mark, environmentId, environmentId)],
        );
      default:
        return kind satisfies never;
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'EnvironmentOpened':
        return 'open';
      case 'EnvironmentClosed':
        return 'closed';
      default:
        return event satisfies never;
    }
  },
};
