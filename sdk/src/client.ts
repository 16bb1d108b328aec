/** The client: one per identity. Holds the token, and the positions that it has seen. */
import { tokenSource } from './auth.ts';
import { accepted, type Change, call, complete, type Read, type Wire } from './calls.ts';
import type { Document } from './document.ts';
import { type EventsOptions, followEvents } from './events.ts';
import { bindMutations, bindQueries, type Mutations, type Queries } from './generated/methods.ts';
import type { Event, LogChunk } from './generated/resources.ts';
import { followLogs, type LogsOptions } from './logs.ts';
import type { AtollOptions, CallOptions } from './options.ts';
import { Positions } from './positions.ts';
import { systemClock } from './retry.ts';

export interface Atoll {
  /** Every read of the API, by name. */
  readonly query: Queries;
  /** Every change of the API, by name; throws AtollUserError where nothing was changed. */
  readonly mutate: Mutations;
  /**
   * Any document of your own. Resolves to `data`; the payloads of mutations come as they are, user errors included.
   * Mutations whose `input` is a variable get an idempotency key.
   */
  request<Result, Variables extends object>(
    document: Document<Result, Variables>,
    ...rest: Record<string, never> extends Variables
      ? [variables?: Variables, options?: CallOptions]
      : [variables: Variables, options?: CallOptions]
  ): Promise<Result>;
  /** The tenant's log as it grows, with neither gap nor duplicate over lost connections. Ends with its signal. */
  events(options?: EventsOptions): AsyncGenerator<Event, void, undefined>;
  /**
   * What an instance writes, or the instances of a deployment, as they write it: every line once, over lost connections. Ends with its
   * signal, and with its instance.
   */
  logs(options: LogsOptions): AsyncGenerator<LogChunk, void, undefined>;
}

/**
 * @example
 * ```ts
 * const atoll = createAtoll({ url: 'http://127.0.0.1:4000/graphql', token });
 * const { environment } = await atoll.mutate.createEnvironment({ name: 'test', kind: 'TEST' });
 * ```
 */
export function createAtoll(options: AtollOptions): Atoll {
  const fetch = options.fetch ?? globalThis.fetch;
  const clock = options.clock ?? systemClock;
  const wire: Wire = {
    url: options.url,
    fetch,
    clock,
    tokens: tokenSource(options, fetch, clock),
    tenant: options.tenant,
    positions: new Positions(),
    traceparent: options.traceparent,
    deadlineMs: options.deadlineMs ?? 30_000,
    attemptMs: options.attemptMs ?? 10_000,
  };
  const read: Read = async (document, variables, callOptions, pick) =>
    pick((await call(wire, document, variables, callOptions)).data);
  const change: Change = {
    async done(document, variables, callOptions, pick) {
      const { data, key } = await call(wire, document, variables, callOptions);
      return complete(accepted(pick(data), key), key);
    },
    async deleted(document, variables, callOptions, pick) {
      const { data, key } = await call(wire, document, variables, callOptions);
      return accepted(pick(data), key);
    },
  };
  const query = bindQueries(read);
  const followWire = {
    url: options.subscriptionsUrl ?? options.url.replace(/^http/, 'ws'),
    webSocket: options.webSocket,
    tokens: wire.tokens,
    traceparent: options.traceparent,
    tenant: wire.tenant,
    clock,
  };
  return {
    query,
    mutate: bindMutations(change),
    async request(document, ...[variables, callOptions]) {
      return (await call(wire, document, variables ?? {}, callOptions)).data;
    },
    events: (eventsOptions = {}) =>
      followEvents(
        {
          ...followWire,
          newest: (signal) => query.eventCursor({}, signal === undefined ? {} : { signal }),
        },
        eventsOptions,
      ),
    logs: (logsOptions) => followLogs(followWire, logsOptions),
  };
}
