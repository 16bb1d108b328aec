/**
 * Keeps the tunnel to other nodes as the rules in force say. Level-triggered, and behind the rules: who may send through it is
 * decided before it is there, and a node whose rules aren't certain changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DesiredNetwork, NetworkReportReply } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { reachable } from '../render/tunnel.ts';
import type { Tunnel } from '../sandbox/tunnel.ts';
import type { UnderlaySource } from '../sandbox/underlay.ts';

export interface OverlayReconciler {
  reconcile(): Promise<void>;
  /** Since when, as this process has seen itself, everything leads where this document says; null where it doesn't, or not yet. */
  laidSince(document: DesiredNetwork): string | null;
  /** Why it couldn't be made so when that was tried last; null where it could. */
  problem(): string | null;
  /** What the network service said of this node's end. */
  answered(reply: NetworkReportReply): void;
}

/** All of a document that anything here follows from. */
const waysOf = ({ rules: { remotes, entrances }, pools: { ipv4, ipv6 } }: DesiredNetwork) => ({
  ...{ remotes, entrances, ipv4, ipv6 },
});
type Ways = ReturnType<typeof waysOf>;

export function createOverlayReconciler(options: {
  underlay: UnderlaySource;
  tunnel: Tunnel;
  /** The rule set that is in force, as this process has seen itself; null where that isn't certain. */
  inForce: () => DesiredNetwork | null;
  /** The node is reached otherwise than before, or `laidSince` or `problem` is different now. */
  changed: () => void;
  log: Logger;
}): OverlayReconciler {
  const { underlay, tunnel, inForce, changed, log } = options;
  let refused: string | null = null;
  let unreachable = '';
  let laid: { readonly ways: Ways; readonly since: string } | null = null;
  let problem: string | null = null;

  function settle(next: { ways: Ways } | { problem: string }): void {
    if ('problem' in next) {
      const isNew = problem !== next.problem;
      problem = next.problem;
      // Some of it may have been changed.
      laid = null;
      if (isNew) changed();
      return;
    }
    const same = problem === null && laid !== null && isDeepStrictEqual(laid.ways, next.ways);
    problem = null;
    laid = { ways: next.ways, since: same && laid !== null ? laid.since : new Date().toISOString() };
    if (!same) changed();
  }

  /** Resolves to the document that everything leads by now; null where none is certain to be in force. */
  async function lay(): Promise<DesiredNetwork | null> {
    const before = underlay.current();
    const own = await underlay.look();
    if (!isDeepStrictEqual(before, own)) changed();
    const document = inForce();
    if (document === null) return null;
    const { remotes } = document.rules;
    if (own !== null) {
      const others = remotes.filter((remote) => !reachable(own, [remote]).includes(remote)).map((one) => one.nodeId);
      if (others.length > 0 && unreachable !== others.join()) {
        log.warn({ address: own.address, others }, 'these nodes have no address of the family of this one');
      }
      unreachable = others.join();
    }
    await tunnel.ensure(own, remotes);
    await tunnel.leadBack(own === null ? null : document);
    return document;
  }

  return {
    laidSince(document) {
      if (laid === null) return null;
      // What a change didn't touch is the same object, and costs nothing.
      return isDeepStrictEqual(laid.ways, waysOf(document)) ? laid.since : null;
    },
    problem: () => problem,
    async reconcile() {
      try {
        const document = await lay();
        if (document !== null) settle({ ways: waysOf(document) });
      } catch (error) {
        settle({ problem: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
    answered(reply) {
      if (reply.refused !== null && reply.refused !== refused) {
        log.error({ reason: reply.refused }, 'this node is not connected to others');
      }
      refused = reply.refused;
    },
  };
}
