/** One replica, as its deployment knows it. */
import type { instanceReasons, stopReasons } from '@atoll/schema/deploy/events';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';

export type InstanceReason = (typeof instanceReasons)[number];
export type StopReason = (typeof stopReasons)[number];

/** How an instance fares, as last told by its node. */
export type Condition =
  | { readonly phase: 'PLACED' | 'STARTED' | 'READY' }
  | { readonly phase: 'WAITING' | 'UNREADY'; readonly reason: InstanceReason; readonly message: string };
export type Phase = Condition['phase'];

/** An instance that isn't gone: it holds its resources on its node, also while it stops. */
export interface Instance {
  readonly id: Id<'instance'>;
  readonly nodeId: Id<'node'>;
  readonly releaseId: Id<'release'>;
  readonly resources: Resources;
  /** Rises with each instance of the deployment. */
  readonly order: number;
  readonly condition: Condition;
  /** It has to leave its node: it is replaced as if it were of an older release. */
  readonly leaving: boolean;
  /** Why it has been told to stop; null while it should run. */
  readonly stopping: StopReason | null;
}
