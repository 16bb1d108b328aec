/**
 * A command that may place instances: decided on the nodes as they are. Where a place went to somebody else between
 * decision and commit, it is decided again on what is free now; the claims make sure that no place is given twice.
 */
import {
  type CommandOutcome,
  type EventStore,
  handleCommand,
  type Idempotency,
  type Origin,
} from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { denied, isPlaceTaken } from './denials.ts';
import { deploymentNotFound } from './domain/actions.ts';
import { MOST_AT_ONCE } from './domain/advance.ts';
import { type DeploymentCommand, deploymentDecider } from './domain/decide.ts';
import type { Deployment } from './domain/deployment.ts';
import { deploymentStream } from './domain/streams.ts';
import type { World } from './domain/world.ts';
import { readNodes } from './projections/nodes.ts';

/** Each try fills at least one place, by this command or by another. */
const TRIES = 50;

export interface Placing {
  readonly deploymentId: Id<'deployment'>;
  /** How many instances it may have to place. */
  readonly places: number;
  readonly command: (world: World) => DeploymentCommand;
  readonly origin: Origin;
  readonly idempotency?: Idempotency;
  readonly expectedVersion?: number | null;
  /** The deployment's id was made up for this command. */
  readonly newStream?: boolean;
  readonly result?: (state: Deployment) => unknown;
  /** Nodes could be heard for long enough: what makes no progress may be judged. */
  readonly judging?: boolean;
  /** Told which claim couldn't be had. */
  readonly conflict?: (set: string) => void;
}

/** `capacity`: the position up to which the nodes that it was decided on are surely known. */
export async function placeAndCommit(
  needs: { store: EventStore; pool: Pool },
  { deploymentId, places, command, result, conflict: told, judging = false, ...options }: Placing,
): Promise<{ readonly outcome: CommandOutcome; readonly capacity: number }> {
  for (let tries = 1; ; tries++) {
    const { nodes, hostNamespaces, position } = await readNodes(needs.pool);
    const world: World = {
      nodes,
      hostNamespaces,
      instanceIds: Array.from({ length: Math.min(places, MOST_AT_ONCE) }, () => newId('instance')),
      now: Date.now(),
      judging,
    };
    let placeTaken = false;
    const outcome = await handleCommand(needs.store, {
      ...options,
      ...(result && { result: (state: Deployment) => result(state) }),
      decider: deploymentDecider,
      stream: deploymentStream(deploymentId),
      command: command(world),
      notFound: deploymentNotFound,
      onClaimConflict: (conflict) => {
        placeTaken = isPlaceTaken(conflict);
        told?.(conflict.claim.set);
        return denied(conflict);
      },
    });
    if (!placeTaken || tries === TRIES) return { outcome, capacity: position };
  }
}
