/** Requests to services that may not be there yet: said once, tried on. */
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, RpcTimeout, RpcUnavailable, requestJson } from '@atoll/service/nats';

const timeoutMs = 5000;

export type Ask = (body: unknown) => Promise<unknown>;

/** Undefined where nobody answered. */
export function asking(nc: NatsConnection, subject: string, log: Logger): Ask {
  let silent = false;
  return async (body) => {
    try {
      const reply = await requestJson(nc, subject, body, { timeoutMs });
      if (silent) log.info({ subject }, 'answered again');
      silent = false;
      return reply;
    } catch (error) {
      if (!(error instanceof RpcUnavailable || error instanceof RpcTimeout)) throw error;
      if (!silent) log.warn({ subject, reason: error.message }, 'nobody answers; going on with what is known');
      silent = true;
      return undefined;
    }
  };
}
