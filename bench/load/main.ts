/** A process of its own for what makes the load, so that it doesn't share a thread with what is measured. */

import { load, type Outcome, type Spec } from './http.ts';
import { type LatencyOutcome, type LatencySpec, measureLatency } from './latency.ts';

export type Order =
  | { readonly kind: 'http'; readonly spec: Spec }
  | { readonly kind: 'latency'; readonly spec: LatencySpec };
export type Report =
  | { readonly kind: 'http'; readonly outcome: Outcome }
  | { readonly kind: 'latency'; readonly outcome: LatencyOutcome }
  | { readonly kind: 'error'; readonly message: string };

const tell = (report: Report) => process.send?.(report);

process.on('message', async (order: Order) => {
  try {
    if (order.kind === 'http') tell({ kind: 'http', outcome: await load(order.spec) });
    else tell({ kind: 'latency', outcome: await measureLatency(order.spec) });
  } catch (error) {
    tell({ kind: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));
