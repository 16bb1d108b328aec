/** One look at the whole node: everything desired joined with everything that is there. */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { DesiredWorkloads } from '@atoll/schema/node/workloads';
import { atMost } from '../lanes.ts';
import type { LeaseState } from '../plan/lease.ts';
import { type Memory, seen, withProcess } from '../plan/memory.ts';
import type { Pod } from '../plan/pod.ts';
import type { ObservedContainer, Runtime } from '../runtimes/runtime.ts';
import type { Wiring } from '../sandbox/wiring.ts';
import type { Memories } from './memories.ts';

export interface NodeSources {
  readonly runtime: Runtime;
  readonly wiring: Wiring;
  readonly memories: Memories;
  /** Null before anything was ever pulled: then it isn't known what should run, and nothing is removed. */
  readonly workloads: () => DesiredWorkloads | null;
  /** By the newest network document. */
  readonly endpoints: () => ReadonlyMap<Id<'instance'>, RuleEndpoint>;
  /** By the rules in force; null where that isn't certain. */
  readonly secured: () => ReadonlyMap<Id<'instance'>, RuleEndpoint> | null;
  /** Until when an instance that shall not be any more is kept, for connections may still be sent to it; null where none may. */
  readonly heldUntil: (instance: Id<'instance'>, wanted: boolean) => number | null;
  /** Whether what is fenced may run. */
  readonly lease: () => LeaseState;
  /** Instances that something is being done for right now: they aren't gone before that is over. */
  readonly atWork: () => Iterable<Id<'instance'>>;
}

export interface NodeView {
  readonly pods: readonly Pod[];
  /** Host ends of wires that belong to no instance that is known. */
  readonly strayWires: readonly string[];
}

export async function lookAtNode(sources: NodeSources): Promise<NodeView> {
  const { runtime, wiring, memories } = sources;
  const atWork = [...sources.atWork()];
  const [containers, wires] = await Promise.all([runtime.list(), wiring.observe()]);
  // Read after the look: what was desired then is desired still, or has just stopped being so.
  const workloads = sources.workloads();
  const desired = new Map(workloads?.instances.map((instance) => [instance.instanceId, instance]));
  const endpoints = sources.endpoints();
  const secured = sources.secured();
  const byInstance = Map.groupBy(containers, (container) => container.instanceId);
  const ids = [...new Set([...desired.keys(), ...byInstance.keys(), ...atWork])].sort();
  const strayWires = workloads === null ? [] : wires.others(ids);

  const pods = await atMost(16, ids, async (instanceId): Promise<Pod> => {
    const mine = byInstance.get(instanceId) ?? [];
    const apps = mine.filter((container) => container.kind === 'app');
    const app = apps.find(({ process }) => process === null) ?? null;
    const sandbox = mine.find((container) => container.kind === 'sandbox') ?? null;
    const endpoint = endpoints.get(instanceId) ?? null;
    return {
      instanceId,
      desired: workloads === null ? 'unknown' : (desired.get(instanceId) ?? null),
      endpoint,
      secured: endpoint !== null && sameAddresses(endpoint, secured?.get(instanceId)),
      sandbox,
      app,
      others: apps.filter(({ process }) => process !== null),
      wired: await isWired(),
      hasWire: wires.has(instanceId),
      heldUntil: apps.some(({ state }) => state === 'RUNNING')
        ? sources.heldUntil(instanceId, desired.has(instanceId))
        : null,
      lease: desired.get(instanceId)?.fenced ? sources.lease() : null,
      memory: remember(instanceId, apps, desired.has(instanceId)),
    };

    async function isWired(): Promise<boolean> {
      if (endpoint === null || sandbox?.state !== 'RUNNING') return false;
      return wires.isWired(endpoint, sandbox.netns);
    }
  });
  return { pods, strayWires };

  /** Of one that is being stopped, only what goes wrong with that is of interest. */
  function remember(instanceId: Id<'instance'>, apps: readonly ObservedContainer[], wanted: boolean): Memory {
    const before = memories.of(instanceId);
    const after = apps.reduce((memory, app) => withProcess(memory, app.process, (of) => seen(of, app)), before);
    if (wanted && after !== before) memories.set(instanceId, after);
    return memories.of(instanceId);
  }
}

const sameAddresses = (a: RuleEndpoint, b: RuleEndpoint | undefined) => a.ipv4 === b?.ipv4 && a.ipv6 === b.ipv6;
