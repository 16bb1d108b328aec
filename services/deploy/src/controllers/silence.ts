/**
 * How long nodes have been silent, by this process's own clock and since it has been able to hear: a start, a pause of the
 * process, or a time without NATS or database begins anew for every node. So the control plane's own failures are never
 * taken for the nodes', and no clock but one is compared with itself.
 */
import type { Id } from '@atoll/schema/ids';

/** Between two looks there may be so much; more is a time in which nobody knows who was silent. */
export const LONGEST_GAP_MS = 5000;

export class Silence {
  readonly #now: () => number;
  readonly #heard = new Map<Id<'node'>, { readonly sequence: number; readonly at: number }>();
  #lookedAt: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#lookedAt = now();
  }

  /** Nothing could be heard: nobody was silent up to now. */
  deaf(): void {
    this.#heard.clear();
  }

  /** Seconds of silence of each node, given the sequence of the newest report of each; null for one without any. */
  look<N extends { readonly nodeId: Id<'node'>; readonly sequence: number | null }>(
    nodes: readonly N[],
  ): readonly { readonly node: N; readonly seconds: number }[] {
    const now = this.#now();
    const gap = now - this.#lookedAt;
    if (gap > LONGEST_GAP_MS || gap < 0) this.deaf();
    this.#lookedAt = now;
    return nodes.map((node) => {
      const sequence = node.sequence ?? 0;
      const before = this.#heard.get(node.nodeId);
      if (before?.sequence === sequence) return { node, seconds: Math.floor((now - before.at) / 1000) };
      this.#heard.set(node.nodeId, { sequence, at: now });
      return { node, seconds: 0 };
    });
  }
}
