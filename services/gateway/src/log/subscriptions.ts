/** `Subscription.events`: the tenant's log as it grows. */
import type { ExecutionResult } from 'graphql';
import { scopeOf } from '../auth/viewers.ts';
import type { Engine, EngineRequest } from '../graphql/engine.ts';
import type { Teller } from '../graphql/tell.ts';
import { Completion } from '../read/complete.ts';
import type { LogHub } from './hub.ts';
import { type LogReader, parseCursor } from './read.ts';

export interface Subscriptions {
  /** Throws where it can't be begun. `delivered` is told each cursor once its record was taken. */
  subscribe(request: EngineRequest, delivered: (cursor: string) => void): Promise<AsyncGenerator<ExecutionResult>>;
}

export function createSubscriptions(needs: {
  engine: Engine;
  log: LogReader;
  hub: LogHub;
  teller: Teller;
}): Subscriptions {
  const { engine, log, hub, teller } = needs;
  return {
    async subscribe(request, delivered) {
      const { plan, args } = engine.subscription(request);
      const { field } = plan;
      const scope = scopeOf(request.viewer);
      const head = await log.head(scope);
      const start = args.after == null ? head.cursor : parseCursor(args.after, head);

      const stop = new AbortController();
      const rows = hub.follow(scope, start, stop.signal);
      async function* answers(): AsyncGenerator<ExecutionResult> {
        try {
          for await (const row of rows) {
            const completion = new Completion();
            const value = completion.value(field.shape, row, field, [field.key]);
            const errors = completion.errors.map((error) => teller.tell(error, request.correlation));
            yield errors.length > 0 ? { errors } : { data: { [field.key]: value } };
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
