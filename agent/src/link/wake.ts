/** When to pull at once: a service says so, or the connection is back. */
import type { Id } from '@atoll/schema/ids';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { z } from 'zod';

const topics = ['workloads', 'network'] as const;
type Topic = (typeof topics)[number];
const wakeBody = z.object({ topic: z.enum(topics) });

export function followWakes(options: {
  nc: NatsConnection;
  node: Id<'node'>;
  /** `lost`: the connection is another one, and the answers of what was asked on the old one may never come. */
  wake: (topic: Topic, why: 'news' | 'lost') => void;
  log: Logger;
}): { stop(): void } {
  const { nc, node, wake, log } = options;
  let stopped = false;
  const subscription = nc.subscribe(nodeSubjects.wake(node), {
    callback(error, message) {
      if (error) return log.error({ err: error }, 'the wake subscription failed');
      try {
        wake(wakeBody.parse(message.json()).topic, 'news');
      } catch (malformed) {
        // Whatever it meant, pulling does no harm.
        log.warn({ err: malformed }, 'a malformed wake');
        for (const topic of topics) wake(topic, 'news');
      }
    },
  });

  async function followReconnects(): Promise<void> {
    for await (const status of nc.status()) {
      if (stopped) return;
      if (status.type === 'reconnect') for (const topic of topics) wake(topic, 'lost');
    }
  }
  followReconnects().catch((error: unknown) => log.error({ err: error }, 'the connection status ended'));
  return {
    stop() {
      stopped = true;
      if (!nc.isClosed()) subscription.unsubscribe();
    },
  };
}
