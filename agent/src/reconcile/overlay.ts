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
  /** What the network service said of this node's end. */
  answered(reply: NetworkReportReply): void;
}

export function createOverlayReconciler(options: {
  underlay: UnderlaySource;
  tunnel: Tunnel;
  /** The rule set that is in force, as this process has seen itself; null where that isn't certain. */
  inForce: () => DesiredNetwork | null;
  /** The node is reached otherwise than before. */
  moved: () => void;
  log: Logger;
}): OverlayReconciler {
  const { underlay, tunnel, inForce, moved, log } = options;
  let refused: string | null = null;
  let unreachable = '';

  return {
    async reconcile() {
      const before = underlay.current();
      const own = await underlay.look();
      if (!isDeepStrictEqual(before, own)) moved();
      const document = inForce();
      if (document === null) return;
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
    },
    answered(reply) {
      if (reply.refused !== null && reply.refused !== refused) {
        log.error({ reason: reply.refused }, 'this node is not connected to others');
      }
      refused = reply.refused;
    },
  };
}
