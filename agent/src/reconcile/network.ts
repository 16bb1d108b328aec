/**
 * Keeps a node's rules in force. Level-triggered: each run reads the newest document and makes its rules the ones in force;
 * where it is time for it, everything is read back, and what others changed is repaired. A rule set that can't be applied leaves
 * the last good one in force.
 *
 * A start looks at everything before it says that anything is in force. Where no document can be read, because there is none
 * or because an earlier version of the agent wrote it, the rules that it finds stay until the newest document is there, and
 * endpoints that these don't know stay closed; where it finds none, everything is closed.
 */
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import { type DesiredNetwork, desiredNetwork, type NetworkReport, type RuleEndpoint } from '@atoll/schema/node/network';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { currentTraceparent, merged, withSpan } from '@atoll/service/spans';
import { z } from 'zod';
import { openJournal } from '../link/journal.ts';
import type { Causes } from '../node/causes.ts';
import { denyAll, type Glance, type RuleBackend, RuleSetRejected } from '../rules/backend.ts';
import type { OverlayReconciler } from './overlay.ts';

const inForceFile = z.strictObject({ document: desiredNetwork, at: z.iso.datetime() });
type InForce = z.infer<typeof inForceFile>;

/** So often a look is taken once more because something was written meanwhile. */
const mostStaleReadings = 2;

export interface NetworkReconciler {
  reconcile(): Promise<void>;
  /** The endpoints whose rules are in force, as this process has seen itself; null where that isn't certain now. */
  secured(): ReadonlyMap<Id<'instance'>, RuleEndpoint> | null;
  /** The rule set that was put in force last. */
  inForce(): DesiredNetwork | null;
  /**
   * Null before the first run: nothing is known to be in force. `applied` is the newest document of which rules and ways to other
   * nodes are: who is told that it is in force may send.
   */
  report(): NetworkReport | null;
}

export async function createNetworkReconciler(options: {
  nodeId: Id<'node'>;
  stateDir: string;
  desired: () => DesiredNetwork | null;
  backend: RuleBackend;
  /** What is reported, or which endpoints are secured, is different now. */
  changed: () => void;
  causes: Causes;
  /** How long after a look at everything comes the next. */
  lookEveryMs: number;
  /** Asks for another run. */
  wake: () => void;
  /** The node's end of the tunnel to others, as far as it is known. */
  underlay: () => NetworkReport['underlay'];
  /** The way to other nodes: what is in force is reported only once it leads where the document says. */
  ways: Pick<OverlayReconciler, 'laidSince' | 'problem'>;
  /** Whether the node has an interface to the outside. */
  outside: boolean;
  log: Logger;
}): Promise<NetworkReconciler> {
  const { nodeId, desired, backend, changed, causes, lookEveryMs, wake, underlay, ways, log } = options;
  const journal = openJournal<InForce>({
    path: join(options.stateDir, 'rules-in-force.json'),
    whole: {
      schema: inForceFile,
      read: (file) => file,
      write: (document, at) => ({ document, at: at ?? new Date().toISOString() }),
    },
    log,
  });
  const loaded = await journal.load();
  let lastGood: InForce | null = loaded && { document: loaded.document, at: loaded.at ?? new Date().toISOString() };
  /** Seen to be in force by the newest run. */
  let seen: InForce | null = null;
  let error: NetworkReport['error'] = null;
  let ran = false;
  /** By the clock that only rises; null before the first. */
  let lookedAt: number | null = null;
  let refused: DesiredNetwork | null = null;
  let holding = false;
  let endpoints: ReadonlyMap<Id<'instance'>, RuleEndpoint> | null = null;
  /** The newest document that is in force whole, other nodes included. */
  let receipt: NetworkReport['applied'] = null;

  function settle(next: { seen: InForce | null; error: NetworkReport['error'] }): void {
    const same = ran && seen?.document === next.seen?.document && error?.message === next.error?.message;
    if (seen?.document !== next.seen?.document) {
      const all = next.seen?.document.rules.endpoints;
      endpoints = all === undefined ? null : new Map(all.map((endpoint) => [endpoint.instanceId, endpoint]));
    }
    seen = next.seen;
    error = next.error;
    ran = true;
    if (!same) changed();
  }

  /** What is new belongs to the requests that it came from; repairs are the node's own. */
  function applyTraced(document: DesiredNetwork): Promise<InForce> {
    const { generation, rules } = document;
    if (lastGood?.document.generation === generation) return apply(document);
    const attributes = {
      'atoll.node': nodeId,
      'atoll.generation': generation,
      'atoll.endpoints': rules.endpoints.length,
    };
    return withSpan('apply rules', { ...merged(document.traces?.toReversed() ?? []), attributes }, () =>
      apply(document),
    );
  }

  let reading = false;
  let glance: Glance | null = null;
  let staleReadings = 0;

  /** Reads everything while changes go on; wakes the next run when that is done. */
  function readBeside(): void {
    reading = true;
    backend
      .look()
      .then(
        (seen) => {
          glance = seen;
        },
        (failed: unknown) => {
          log.warn({ err: failed }, 'the rules could not be read');
          staleReadings = mostStaleReadings;
        },
      )
      .finally(() => {
        reading = false;
        wake();
      });
  }

  /**
   * Repairs what others changed. A look takes long where there are many rules, and no change waits for it: it is taken beside them,
   * and once more where something was written meanwhile. Where that is so again and again, they wait.
   */
  async function repair(document: DesiredNetwork): Promise<void> {
    const seen = glance;
    glance = null;
    if (seen?.isFresh()) {
      await backend.ensure(document, seen);
      lookedAt = seen.at;
      staleReadings = 0;
      return;
    }
    if (seen !== null) staleReadings += 1;
    if (staleReadings < mostStaleReadings) return readBeside();
    staleReadings = 0;
    await look(document);
  }

  const isDue = () => lookedAt === null || performance.now() - lookedAt >= lookEveryMs;
  async function look(document: Parameters<RuleBackend['ensure']>[0]): Promise<void> {
    const began = performance.now();
    const how = await backend.ensure(document);
    // What was written over nothing is read back at once, and nobody waits for it.
    lookedAt = how === 'written' ? Number.NEGATIVE_INFINITY : began;
  }

  async function apply(document: DesiredNetwork): Promise<InForce> {
    const previous = lastGood;
    // What an earlier process left comes first: from there, each change goes in one step.
    if (lookedAt === null && previous !== null) await look(previous.document);
    failpoint('agent.before-rules');
    if (lookedAt === null) await look(document);
    else await backend.change(document);
    failpoint('agent.after-rules');
    if (previous?.document.generation === document.generation) return previous;
    await backend.cut(previous?.document ?? null, document);
    const applied = { document, at: new Date().toISOString() };
    await journal.save(applied.document, applied.at);
    lastGood = applied;
    log.info({ generation: document.generation, hash: document.hash }, 'rules in force');
    causes.note(currentTraceparent());
    return applied;
  }

  async function hold(): Promise<void> {
    holding = await backend.hold();
    if (holding) log.warn('what is in force was put there by an earlier agent, and stays until the rules are known');
    else if (isDue()) await look(denyAll);
  }

  /** The newest that there is: the file of what was in force may be the only one that is left. */
  function newest(): DesiredNetwork | null {
    const document = desired();
    if (lastGood === null || document === null) return document ?? lastGood?.document ?? null;
    return document.generation > lastGood.document.generation ? document : lastGood.document;
  }

  function wayProblem(): NetworkReport['error'] {
    const problem = ways.problem();
    const message = `The way to other nodes can't be laid: ${problem}`.slice(0, 4000);
    return problem === null ? null : { generation: lastGood?.document.generation ?? 0, message };
  }

  return {
    async reconcile() {
      const document = newest();
      // What is in force, or can't be, is so until it is time to look; and until that is done.
      const settled = document !== null && (document === seen?.document || document === refused);
      if (settled && (!isDue() || reading)) return;
      try {
        if (document === null) {
          // What it holds is looked at once: from then on it isn't its own to repair, until it is known again.
          if (!holding) await hold();
          settle({ seen: null, error: null });
        } else {
          settle({ seen: await applyTraced(document), error: null });
          if (isDue() && !reading) await repair(document);
        }
      } catch (cause) {
        const message = (cause instanceof Error ? cause.message : String(cause)).slice(0, 4000);
        const failure = { generation: document?.generation ?? 0, message };
        if (!(cause instanceof RuleSetRejected)) {
          settle({ seen: null, error: failure });
          throw cause;
        }
        refused = document;
        if (error?.message !== message) {
          log.error(
            { err: cause, generation: failure.generation },
            'this rule set is refused; the last good one stays',
          );
        }
        try {
          await look(lastGood?.document ?? denyAll);
        } catch (worse) {
          settle({ seen: null, error: failure });
          throw worse;
        }
        settle({ seen: lastGood, error: failure });
      }
    },
    secured: () => endpoints,
    inForce: () => lastGood?.document ?? null,
    report() {
      if (!ran) return null;
      const laid = lastGood && ways.laidSince(lastGood.document);
      if (lastGood !== null && laid !== null && lastGood.document.generation >= 1) {
        const { document, at } = lastGood;
        const isLater = Date.parse(laid) > Date.parse(at);
        receipt = { generation: document.generation, hash: document.hash, at: isLater ? laid : at };
      }
      return {
        nodeId,
        applied: receipt,
        error: error ?? wayProblem(),
        underlay: underlay(),
        outside: options.outside,
      };
    },
  };
}
