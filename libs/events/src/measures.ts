/** What the engine tells about itself on /metrics. */
import { metrics } from '@atoll/service/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';

const registers = [metrics];
const seconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const appendSeconds = new Histogram({
  name: 'atoll_append_seconds',
  help: 'From an append to its commit, waiting for the batch before it included',
  labelNames: ['context'],
  buckets: seconds,
  registers,
});

/** By context and outcome, since the counter was last looked at: labels are put together then, and not for each append. */
const counted = new Map<string, Map<string, number>>();

new Counter({
  name: 'atoll_appends_total',
  help: 'Appends by outcome: appended, replayed, a conflict, or error (overload, no database, a bug)',
  labelNames: ['context', 'outcome'],
  registers,
  collect() {
    for (const [context, outcomes] of counted) {
      for (const [outcome, count] of outcomes) this.inc({ context, outcome }, count);
    }
    counted.clear();
  },
});

function count(context: string, outcome: string): void {
  let outcomes = counted.get(context);
  if (!outcomes) {
    outcomes = new Map();
    counted.set(context, outcomes);
  }
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

export async function countAppend<T extends { readonly outcome: string }>(
  context: string,
  append: () => Promise<T>,
): Promise<T> {
  try {
    const done = await append();
    count(context, done.outcome);
    return done;
  } catch (error) {
    count(context, 'error');
    throw error;
  }
}

export const batchCommands = new Histogram({
  name: 'atoll_append_batch_commands',
  help: 'Commands that were committed together',
  labelNames: ['context'],
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
  registers,
});

export const publishedPosition = new Gauge({
  name: 'atoll_relay_published_position',
  help: 'Last position that JetStream has acknowledged to this process; 0 while it stands by',
  labelNames: ['context'],
  registers,
});

export const relayInterruptions = new Counter({
  name: 'atoll_relay_interruptions_total',
  help: 'How often publishing stopped for an error and was resumed from the tail of the stream',
  labelNames: ['context'],
  registers,
});

export const consumerPosition = new Gauge({
  name: 'atoll_consumer_position',
  help: 'Position up to which the effects of a consumer are durable',
  labelNames: ['schema', 'consumer'],
  registers,
});

export const consumerDelay = new Histogram({
  name: 'atoll_consumer_delay_seconds',
  help: 'From the recording of an event to its durable effect (both clocks included)',
  labelNames: ['schema', 'consumer'],
  buckets: seconds,
  registers,
});

export const parkedTotal = new Counter({
  name: 'atoll_consumer_parked_total',
  help: 'Events whose handler kept failing and that were put aside',
  labelNames: ['schema', 'consumer'],
  registers,
});

export const consumerLag = new Gauge({
  name: 'atoll_consumer_lag_events',
  help: 'How many events the owner has that a consumer has not worked on yet, as far as is known',
  labelNames: ['schema', 'consumer'],
  registers,
});

export const rebuildPosition = new Gauge({
  name: 'atoll_rebuild_position',
  help: 'Events that the new version of a projection has, all its sources together',
  labelNames: ['schema', 'projection'],
  registers,
});

export const rebuildTarget = new Gauge({
  name: 'atoll_rebuild_target',
  help: 'Events that the live version of a projection has, all its sources together',
  labelNames: ['schema', 'projection'],
  registers,
});

export const rebuildRate = new Gauge({
  name: 'atoll_rebuild_events_per_second',
  help: 'How fast a rebuild goes; 0 while none does',
  labelNames: ['schema', 'projection'],
  registers,
});

export const cacheLookups = new Counter({
  name: 'atoll_state_cache_lookups_total',
  help: 'Commands that found the folded state of their stream in memory (hit), or had to read it (miss)',
  labelNames: ['context', 'result'],
  registers,
});

export const cachedStates = new Gauge({
  name: 'atoll_state_cache_states',
  help: 'Folded states in memory',
  labelNames: ['context'],
  registers,
});

export const cachedStatesBytes = new Gauge({
  name: 'atoll_state_cache_bytes',
  help: 'Folded states in memory, in bytes, estimated by their JSON',
  labelNames: ['context'],
  registers,
});

export const snapshotsTotal = new Counter({
  name: 'atoll_snapshots_total',
  help: 'Snapshots by what became of them: written; failed; dropped, because too many waited; ignored, because it was no copy of the stream',
  labelNames: ['context', 'outcome'],
  registers,
});
