/**
 * Between the processes of one context: who commits tells the others, so that nobody waits for his next look. A hint and
 * no more: one that is lost costs the time to that look.
 */
import { randomUUID } from 'node:crypto';
import type { Context } from '@atoll/schema/contexts';
import { eventWakeSubject } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';

/** Commits within this time are told together: the first at once, the others at its end. */
const TOGETHER_MS = 5;

export interface Wake {
  /** This process has committed. */
  tell(): void;
  stop(): void;
}

/** `onHeard` is called for the commits of other processes only. */
export function createWake(nc: NatsConnection, context: Context, onHeard: () => void): Wake {
  const subject = eventWakeSubject(context);
  const me = randomUUID();
  let toldAt = 0;
  let later: NodeJS.Timeout | null = null;

  const heard = nc.subscribe(subject, {
    callback(error, message) {
      if (!error && message.string() !== me) onHeard();
    },
  });

  function publish(): void {
    later = null;
    toldAt = performance.now();
    if (!nc.isClosed()) nc.publish(subject, me);
  }

  return {
    tell() {
      if (later !== null) return;
      const since = performance.now() - toldAt;
      if (since >= TOGETHER_MS) return publish();
      later = setTimeout(publish, TOGETHER_MS - since);
      later.unref();
    },
    stop() {
      if (later !== null) clearTimeout(later);
      if (!nc.isClosed()) heard.unsubscribe();
    },
  };
}
