/**
 * An event of a newer version is parked, since no number of tries teaches a process what it doesn't know. Once the process
 * is updated it knows: what it can read by now is tried again, without anybody having to ask.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import { UnreadableEvent } from '../errors.ts';
import { retryParked } from '../parked.ts';
import { upcast } from '../upcast.ts';

const PAGE = 500;

function isReadable(registry: EventRegistry, event: EventRecord): boolean {
  try {
    upcast(registry, event);
    return true;
  } catch (error) {
    if (error instanceof UnreadableEvent) return false;
    throw error;
  }
}

/** Asks for a retry of the streams whose first parked event couldn't be read, and can be now. Answers how many. */
export async function retryReadable(options: {
  pool: Pool;
  schema: string;
  name: string;
  registry: EventRegistry;
  log: Logger;
}): Promise<number> {
  const { pool, schema, name, registry, log } = options;
  let asked = 0;
  for (let after = 0; ; ) {
    const { rows } = await pool.query<{ position: number | string; stream: string; event: EventRecord }>(
      `select position, stream, event from ${quoteSchema(schema)}.parked_event p
       where consumer = $1 and position > $2 and error like 'UnreadableEvent:%' and not retry_requested
         and not exists (
           select from ${quoteSchema(schema)}.parked_event e
           where e.consumer = p.consumer and e.stream = p.stream and e.position < p.position
         )
       order by position limit ${PAGE}`,
      [name, after],
    );
    for (const { stream, event } of rows) {
      if (!isReadable(registry, event)) continue;
      await retryParked({ pool, schema }, { consumer: name, stream });
      log.info(
        { stream, type: event.type, position: event.position },
        'a parked event can be read by now; trying again',
      );
      asked += 1;
    }
    if (rows.length < PAGE) return asked;
    after = Number(rows.at(-1)?.position);
  }
}
