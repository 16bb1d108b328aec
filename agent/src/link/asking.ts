/** Requests to services that may not be there yet: said once, tried on. */
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, RpcTimeout, RpcUnavailable, requestJson } from '@atoll/service/nats';

const timeoutMs = 5000;

/** One request at a time. */
export interface Ask {
  /** Undefined where nobody answered. Requests are repeatable: it may have been carried out all the same. */
  (body: unknown): Promise<unknown>;
  /**
   * Gives up the request under way where it is older: whoever had taken it may be gone, and somebody else is there now. False
   * where there is none such, or the one before it was given up, too: a service that is slow is to come to its answer.
   */
  giveUp(olderThanMs: number): boolean;
}

const givenUp = Symbol('given up');

export function asking(nc: NatsConnection, subject: string, log: Logger): Ask {
  let silent = false;
  /** None was answered, or waited for to its end, since the last one was given up. */
  let again = false;
  let underWay: { readonly since: number; readonly giveUp: () => void } | null = null;

  function heard(reply: unknown): unknown {
    if (silent) log.info({ subject }, 'answered again');
    silent = false;
    return reply;
  }
  function unheard(reason: string): undefined {
    if (!silent) log.warn({ subject, reason }, 'nobody answers; going on with what is known');
    silent = true;
    return undefined;
  }

  const ask = async (body: unknown): Promise<unknown> => {
    const { promise: over, resolve } = Promise.withResolvers<typeof givenUp>();
    underWay = { since: performance.now(), giveUp: () => resolve(givenUp) };
    const request = requestJson(nc, subject, body, { timeoutMs });
    // Of one that was given up nobody hears.
    request.catch(() => {});
    try {
      const reply = await Promise.race([request, over]);
      again = reply === givenUp;
      return again ? undefined : heard(reply);
    } catch (error) {
      again = false;
      if (!(error instanceof RpcUnavailable || error instanceof RpcTimeout)) throw error;
      return unheard(error.message);
    } finally {
      underWay = null;
    }
  };
  return Object.assign(ask, {
    giveUp(olderThanMs: number): boolean {
      if (again || underWay === null || performance.now() - underWay.since < olderThanMs) return false;
      underWay.giveUp();
      return true;
    },
  });
}
