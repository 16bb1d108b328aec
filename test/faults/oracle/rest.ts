/** Waits until everything that was committed has had its effects everywhere. */

import { fromCloudEvent } from '@atoll/events/cloudevents';
import type { Context } from '@atoll/schema/contexts';
import { eventStream } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Pool } from 'pg';
import { ACCOUNTS, LEDGER, READ } from '../workload/role.ts';
import { readLog } from '../workload/subscriber.ts';

interface Progress {
  readonly accounts: number;
  readonly ledger: number;
  readonly booked: number;
  readonly read_accounts: number;
  readonly read_ledger: number;
}

/** Last position in a stream; 0 where there is none, or no answer. */
export async function streamTail(nc: NatsConnection, context: Context): Promise<number> {
  try {
    const jsm = await jetstreamManager(nc, { timeout: 1000 });
    const { state } = await jsm.streams.info(eventStream(context));
    if (state.messages === 0) return 0;
    const message = await jsm.streams.getMessage(eventStream(context), { seq: state.last_seq });
    return message ? fromCloudEvent(message.json()).position : 0;
  } catch {
    return 0;
  }
}

interface Observable {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly logFile: string;
}

async function progress({ pool }: Observable): Promise<Progress> {
  const position = (schema: string, consumer: string) =>
    `coalesce((select position from ${schema}.consumer where name = '${consumer}'), 0)`;
  const { rows } = await pool.query<Progress>(
    `select ${ACCOUNTS}.last_position() as accounts, ${LEDGER}.last_position() as ledger,
      ${position(LEDGER, 'ledger')} as booked,
      ${position(READ, ACCOUNTS)} as read_accounts, ${position(READ, LEDGER)} as read_ledger`,
  );
  const [now] = rows;
  if (!now) throw new Error('the database has no answer');
  return now;
}

const logEnd = ({ logFile }: Observable): number => readLog(logFile).lines.at(-1)?.position ?? 0;

/** Where an event of the accounts has had its effects, and where not: the one at `position`, and all before it. */
async function without(from: Observable, position: number): Promise<readonly string[]> {
  const now = await progress(from);
  const reached: readonly (readonly [string, number])[] = [
    ['the reaction', now.booked],
    ['the read model', now.read_accounts],
    ["the subscriber's log", logEnd(from)],
  ];
  return reached.flatMap(([what, at]) => (at >= position ? [] : [`${what} is at ${at}, before ${position}`]));
}

/** What isn't where it should be; nothing when all is at rest. */
async function lagging(from: Observable): Promise<readonly string[]> {
  const { nc } = from;
  const now = await progress(from);
  const log = logEnd(from);
  const wanted: readonly (readonly [string, number, number])[] = [
    ['the reaction', now.booked, now.accounts],
    ['the read model of the accounts', now.read_accounts, now.accounts],
    ['the read model of the ledger', now.read_ledger, now.ledger],
    ["the subscriber's log", log, now.accounts],
  ];
  const behind = wanted.flatMap(([what, at, of]) => (at === of ? [] : [`${what} is at ${at} of ${of}`]));
  if (behind.length > 0) return behind;
  for (const [context, of] of [
    [ACCOUNTS, now.accounts],
    [LEDGER, now.ledger],
  ] as const) {
    const at = await streamTail(nc, context);
    if (at !== of) return [`the stream of ${context} ends at ${at} of ${of}`];
  }
  return [];
}

/** Asks again and again what is lacking: resolves to nothing once nothing is, at the deadline (Unix ms) to what still is. */
export async function waitUntilNone(
  ask: () => Promise<readonly string[]>,
  deadline: number,
): Promise<readonly string[]> {
  let behind: readonly string[] = ['nothing was seen yet'];
  while (Date.now() < deadline) {
    behind = await ask().catch((error: unknown) => [`not to be seen: ${String(error)}`]);
    if (behind.length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return behind;
}

/** Resolves to nothing once all is at rest; at the deadline (Unix ms) to what isn't. */
export const comeToRest = (from: Observable, deadline: number): Promise<readonly string[]> =>
  waitUntilNone(() => lagging(from), deadline);

/** Resolves to nothing once the event at that position has had all its effects; at the deadline to those that it lacks. */
export const takesEffect = (from: Observable, position: number, deadline: number): Promise<readonly string[]> =>
  waitUntilNone(() => without(from, position), deadline);
