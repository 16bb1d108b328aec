/**
 * Whether nothing was lost and nothing doubled: the calls against the store, the store against the stream and against
 * the effects. Asked when all is healed and quiet; says every fault that it finds.
 */
import { fromCloudEvent } from '@atoll/events/cloudevents';
import type { EventStore } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Pool } from 'pg';
import { CONTEXT } from './engine.ts';
import type { Call } from './load.ts';

const PAGE = 5000;

export async function readLog(store: EventStore): Promise<readonly EventRecord[]> {
  const log: EventRecord[] = [];
  for (;;) {
    const page = await store.readStored(log.length, PAGE);
    log.push(...page);
    if (page.length < PAGE) return log;
  }
}

/** The call that wrote an event: the number in it; null for those of reactions and of set-up. */
function callOf({ type, data }: EventRecord): number | null {
  const { owner, amount } = data as { owner?: string; amount?: number };
  if (type === 'Opened') return owner?.startsWith('call-') ? Number(owner.slice('call-'.length)) : null;
  return amount !== undefined && amount >= 1000 ? amount : null;
}

function faultsOfLog(log: readonly EventRecord[]): string[] {
  const faults: string[] = [];
  const versions = new Map<string, number>();
  let time = '';
  log.forEach((event, index) => {
    if (event.position !== index + 1) faults.push(`position ${event.position} stands where ${index + 1} should`);
    const version = (versions.get(event.stream) ?? 0) + 1;
    versions.set(event.stream, version);
    if (event.version !== version) faults.push(`${event.stream} has version ${event.version}, not ${version}`);
    if (event.time < time) faults.push(`position ${event.position} is of ${event.time}, after ${time}`);
    time = event.time;
  });
  return faults;
}

function faultsOfCalls(log: readonly EventRecord[], calls: readonly Call[]): string[] {
  const written = Map.groupBy(log, callOf);
  return calls.flatMap(({ number, outcome, position }) => {
    const events = written.get(number) ?? [];
    const say = (what: string) => [`call ${number} (${outcome}) ${what}`];
    if (outcome === 'fail') return events.length === 0 ? [] : say('has an effect');
    if (outcome === 'unknown') return events.length <= 1 ? [] : say(`was done ${events.length} times`);
    if (events.length === 0) return say('is lost');
    if (events.length > 1) return say(`was done ${events.length} times`);
    return events[0]?.position === position ? [] : say(`was told ${position} and is at ${events[0]?.position}`);
  });
}

function faultsOfReactions(log: readonly EventRecord[]): string[] {
  const answers = Map.groupBy(log, ({ cause }) => cause);
  return log
    .filter(({ type }) => type === 'Opened')
    .flatMap(({ id, position }) => {
      const count = answers.get(id)?.length ?? 0;
      return count === 1 ? [] : [`the opening at ${position} was reacted to ${count} times`];
    });
}

/** A stream may begin later than the log, after a loss that was healed: from where it begins it is the log. */
async function faultsOfStream(log: readonly EventRecord[], nc: NatsConnection): Promise<string[]> {
  const jsm = await jetstreamManager(nc);
  const { state } = await jsm.streams.info(eventStream(CONTEXT));
  const events: EventRecord[] = [];
  if (state.messages > 0) {
    const consumer = await jetstream(nc).consumers.get(eventStream(CONTEXT), { deliver_policy: DeliverPolicy.All });
    for await (const message of await consumer.consume()) {
      events.push(fromCloudEvent(message.json()));
      if (message.info.pending === 0) break;
    }
    await consumer.delete();
  }
  const offset = log.length - events.length;
  if (offset < 0) return [`the stream has ${events.length} events, and the store ${log.length}`];
  return events.flatMap((event, index) => {
    const stored = log[offset + index];
    return JSON.stringify(event) === JSON.stringify(stored)
      ? []
      : [`the stream has ${event.position} ${event.id} where the store has ${stored?.position} ${stored?.id}`];
  });
}

async function faultsOfEffects(log: readonly EventRecord[], pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ consumer: string; position: number; event_id: string }>(
    `select consumer, position, event_id from ${CONTEXT}.effect order by n`,
  );
  const applied = Map.groupBy(rows, ({ consumer }) => consumer);
  return ['own', 'far'].flatMap((consumer) => {
    const effects = applied.get(consumer) ?? [];
    const wrong = effects.findIndex(({ event_id }, index) => event_id !== log[index]?.id);
    if (wrong >= 0) return [`${consumer} applied ${effects[wrong]?.position} as its ${wrong + 1}th effect`];
    return effects.length === log.length ? [] : [`${consumer} has ${effects.length} effects of ${log.length} events`];
  });
}

export async function judge(options: {
  store: EventStore;
  pool: Pool;
  nc: NatsConnection;
  calls: readonly Call[];
}): Promise<readonly string[]> {
  const log = await readLog(options.store);
  const { rowCount } = await options.pool.query(`select from ${CONTEXT}.parked_event`);
  return [
    ...faultsOfLog(log),
    ...faultsOfCalls(log, options.calls),
    ...faultsOfReactions(log),
    ...(await faultsOfStream(log, options.nc)),
    ...(await faultsOfEffects(log, options.pool)),
    ...(rowCount ? [`${rowCount} events are parked`] : []),
  ].slice(0, 20);
}
