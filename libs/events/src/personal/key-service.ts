/**
 * Keys of personal data over NATS: a context gives those that are asked for by id to whoever may ask, which is for the
 * permissions of NATS to say. What gets them keeps them for seconds, in memory.
 */
import type { Context } from '@atoll/schema/contexts';
import type { EventRegistry } from '@atoll/schema/registry';
import { dataKeySubject } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, requestJson, serveJson } from '@atoll/service/nats';
import { z } from 'zod';
import { createKeyCache, type DataKey } from './key-cache.ts';
import type { OpenEvents } from './opened.ts';
import { createOpener, type PersonalData } from './personal-data.ts';

const MAX_KEYS = 500;
const TIMEOUT_MS = 5000;

const request = z.strictObject({ keys: z.array(z.string().max(60)).min(1).max(MAX_KEYS) });
const named = { id: z.string(), tenant: z.string(), subject: z.string() };
const reply = z.strictObject({
  keys: z.array(
    z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('live'), ...named, key: z.base64() }),
      z.strictObject({ status: z.literal('destroyed'), ...named }),
      z.strictObject({ status: z.literal('broken'), id: z.string(), reason: z.string() }),
    ]),
  ),
});
type WireKey = z.infer<typeof reply>['keys'][number];

const toWire = (key: DataKey): WireKey =>
  key.status === 'live' ? { ...key, key: key.key.toString('base64') } : { ...key };
const fromWire = (key: WireKey): DataKey =>
  key.status === 'live' ? { ...key, key: Buffer.from(key.key, 'base64') } : key;

/** Every process of the owner answers. */
export function serveKeys(options: {
  nc: NatsConnection;
  context: Context;
  personal: Pick<PersonalData, 'keys'>;
  log: Logger;
}): { stop(): Promise<void> } {
  const { nc, context, personal, log } = options;
  const subject = dataKeySubject(context);
  return serveJson(nc, { subject, queue: `key-${context}`, concurrency: 8, log }, async (body) => {
    const asked = request.safeParse(body);
    if (!asked.success) return { error: { code: 'INVALID_ARGUMENT', message: z.prettifyError(asked.error) } };
    const found = await personal.keys.byId(asked.data.keys);
    return { keys: [...found.values()].map(toWire) };
  });
}

/**
 * Opens the personal data of another context's events, with keys that it asks of their owner. Throws RpcUnavailable or
 * RpcTimeout where the owner can't be reached, which consumers wait out.
 */
export function createRemoteOpener(options: {
  nc: NatsConnection;
  context: Context;
  registry: EventRegistry;
}): OpenEvents {
  const { nc, context, registry } = options;
  const cache = createKeyCache(async (ids) => {
    const keys: DataKey[] = [];
    for (let at = 0; at < ids.length; at += MAX_KEYS) {
      const body = { keys: ids.slice(at, at + MAX_KEYS) };
      const answer = await requestJson(nc, dataKeySubject(context), body, { timeoutMs: TIMEOUT_MS });
      keys.push(...reply.parse(answer).keys.map(fromWire));
    }
    return keys;
  });
  return createOpener(registry, cache).open;
}
