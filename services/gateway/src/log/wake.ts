/** Gateways tell each other that a tenant's log has grown. A lost word costs a second: the hub looks for itself. */
import { tenantLogSubject } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { z } from 'zod';
import type { Heads } from '../project/log.ts';

const body = z.object({ cursor: z.number().int() });

export function tellWakes(nc: NatsConnection, heads: Heads): void {
  for (const [scope, cursor] of heads) nc.publish(tenantLogSubject(scope), JSON.stringify({ cursor }));
}

export function hearWakes(
  nc: NatsConnection,
  logger: Logger,
  wake: (scope: string, cursor: number) => void,
): { stop(): void } {
  const prefix = tenantLogSubject('');
  const subscription = nc.subscribe(tenantLogSubject('*'), {
    callback(error, message) {
      if (error) {
        logger.warn({ err: error }, 'a wake could not be heard');
        return;
      }
      const parsed = body.safeParse(JSON.parse(message.string()));
      if (parsed.success) wake(message.subject.slice(prefix.length), parsed.data.cursor);
    },
  });
  return { stop: () => subscription.unsubscribe() };
}
