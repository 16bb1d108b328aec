/**
 * What the oracle is to say of a context of the small bank: its calls, its store, its stream, and the effects of its
 * consumers. Asked when all is healed and at rest.
 */
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { CONTEXT, REACTION } from './engine.ts';
import { type Call, FIRST_CALL } from './load.ts';
import {
  judgeAnswers,
  judgeCalls,
  judgeParked,
  judgeReactions,
  judgeSequence,
  judgeStore,
  judgeStream,
} from './oracle/judge.ts';
import { readAnswers, readJetStream, readParked, readStore, type StoredEvent } from './oracle/observed.ts';
import type { Violation } from './oracle/violation.ts';

/** The call that wrote an event: its id is the owner of an opening, its number the amount of a move; none for reactions and set-up. */
function callOf({ type, data }: StoredEvent): string | null {
  const { owner = '', amount = 0 } = data as { owner?: string; amount?: number };
  if (type === 'Opened') return owner.startsWith('call-') ? owner : null;
  return amount >= FIRST_CALL ? `call-${amount}` : null;
}

const withData = (event: StoredEvent, data: StoredEvent['data']): StoredEvent => ({ ...event, data });

export async function judge(options: {
  pool: Pool;
  nc: NatsConnection;
  calls: readonly Call[];
}): Promise<readonly Violation[]> {
  const { pool, nc, calls } = options;
  const log = await readStore(pool, CONTEXT);
  const asked = log.flatMap((event) => {
    const call = callOf(event);
    return call === null ? [] : [withData(event, { call })];
  });
  const opened = log
    .filter(({ type }) => type === 'Opened')
    .map((event) => withData(event, { call: callOf(event) ?? 'set-up', amount: REACTION }));
  const reactions = log.flatMap((event) =>
    event.cause === null ? [] : [withData(event, { call: '', of: event.cause, amount: event.data.amount ?? 0 })],
  );
  const { rows } = await pool.query<{ consumer: string; position: number; id: string }>(
    `select consumer, position, event_id as id from ${CONTEXT}.effect order by n`,
  );
  const effects = Map.groupBy(rows, ({ consumer }) => consumer);
  return [
    ...judgeCalls(calls, asked),
    ...judgeStore(CONTEXT, log),
    ...judgeAnswers(calls, await readAnswers(pool, CONTEXT)),
    ...judgeStream(CONTEXT, await readJetStream(nc, CONTEXT), log),
    ...judgeReactions(opened, reactions),
    ...['own', 'far'].flatMap((name) => judgeSequence('model-equals-store', name, effects.get(name) ?? [], log)),
    ...judgeParked(await readParked(pool, CONTEXT)),
  ];
}
