/** Subscriptions, by their field. `Subscription.events`: the tenant's log as it grows. */
import { type OpenSpan, openSpan } from '@atoll/service/spans';
import { isSampled } from '@atoll/service/traceparent';
import type { ExecutionResult } from 'graphql';
import { scopeOf, type Viewer } from '../auth/viewers.ts';
import type { Engine, EngineRequest } from '../graphql/engine.ts';
import type { Teller } from '../graphql/tell.ts';
import type { LogSubscriptions } from '../logs/subscription.ts';
import { Completion } from '../read/complete.ts';
import type { LogHub } from './hub.ts';
import { type LogReader, type LogRow, parseCursor, readable } from './read.ts';
import { shownTo } from './shown.ts';

/** Deliveries that are remembered as shown in their traces. */
const maxShown = 1000;

export interface Subscriptions {
  /**
   * Throws where it can't be begun. `viewer` is who they are now: each record is shown to who may read it then.
   * `delivered` is told each cursor once its record was taken, or wasn't theirs to take.
   */
  subscribe(
    request: EngineRequest,
    viewer: () => Viewer,
    delivered: (cursor: string) => void,
  ): Promise<AsyncGenerator<ExecutionResult>>;
}

export function createSubscriptions(needs: {
  engine: Engine;
  log: LogReader;
  hub: LogHub;
  logs: LogSubscriptions;
  teller: Teller;
}): Subscriptions {
  const { engine, log, hub, logs, teller } = needs;
  const shown = new Set<string>();

  /** To the first of its subscribers: five thousand of them would fill the trace. Null where nobody records it. */
  function delivering({ id, type, traceparent }: LogRow): OpenSpan | null {
    if (!isSampled(traceparent) || shown.has(id)) return null;
    for (const oldest of shown) {
      if (shown.size < maxShown) break;
      shown.delete(oldest);
    }
    shown.add(id);
    const attributes = { 'messaging.message.id': id, 'messaging.operation.type': 'send' };
    return openSpan(`deliver ${type}`, { kind: 'producer', traceparent, attributes });
  }

  return {
    async subscribe(request, viewer, delivered) {
      const prepared = engine.subscription(request);
      const { plan, args } = prepared;
      const { field } = plan;
      if (field.field === 'logs') return await logs.subscribe(request, prepared, viewer);
      const scope = scopeOf(request.viewer);
      const head = await log.head(scope);
      const start = args.after == null ? head.cursor : parseCursor(args.after, head);

      const stop = new AbortController();
      const rows = hub.follow(scope, start, stop.signal);
      async function* answers(): AsyncGenerator<ExecutionResult> {
        try {
          for await (const row of rows) {
            if (!readable(row, viewer().access)) {
              delivered(row.cursor);
              continue;
            }
            const span = delivering(row);
            const completion = new Completion();
            const value = completion.value(field.shape, shownTo(viewer(), row), field, [field.key]);
            const errors = completion.errors.map((error) => teller.tell(error, request.correlation));
            yield errors.length > 0 ? { errors } : { data: { [field.key]: value } };
            span?.end();
            delivered(row.cursor);
          }
        } catch (error) {
          throw teller.tell(error, request.correlation);
        } finally {
          stop.abort();
        }
      }
      const generator = answers();
      // A generator that waits for its next record takes no `return` before it comes: the signal wakes it.
      const end = generator.return.bind(generator);
      generator.return = (value) => {
        stop.abort();
        return end(value);
      };
      return generator;
    },
  };
}
