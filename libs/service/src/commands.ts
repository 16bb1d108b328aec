/** Commands over NATS: the caller's side and the serving side. */

import { type Context, contexts } from '@atoll/schema/contexts';
import { type CommandEnvelope, type CommandReply, commandEnvelope } from '@atoll/schema/envelope';
import { type ErrorCode, errorCodes, type Rejection } from '@atoll/schema/errors';
import type { CommandRegistry, InputOf, ResultOf } from '@atoll/schema/registry';
import { commandQueue, commandSubject } from '@atoll/schema/subjects';
import { failpoint } from '@atoll/service/failpoint';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType, isBrokenCircuitError } from 'cockatiel';
import type { Logger } from 'pino';
import { Gauge, Histogram } from 'prom-client';
import { z } from 'zod';
import { metrics } from './metrics.ts';
import { type NatsConnection, RpcTimeout, RpcUnavailable, requestJson, serveRequests } from './nats.ts';
import { isConnectionError } from './postgres.ts';
import { annotate, annotateFailure, traceparentFor, withSpan } from './spans.ts';

/** Everything of the envelope but the data, which the handler gets parsed. */
export type CommandContext = Omit<CommandEnvelope, 'data'>;

export type CommandAnswer<R> =
  | { readonly ok: true; readonly result: R; readonly position: number; readonly version: number }
  | { readonly ok: false; readonly rejection: Rejection };

export type CommandHandlers<R extends CommandRegistry> = {
  [N in keyof R & string]: (input: InputOf<R, N>, context: CommandContext) => Promise<CommandAnswer<ResultOf<R, N>>>;
};

type Handler = (input: unknown, context: CommandContext) => Promise<CommandAnswer<unknown>>;

const served = new Histogram({
  name: 'atoll_command_seconds',
  help: 'Time of commands served, by outcome',
  labelNames: ['context', 'command', 'outcome'],
  buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [metrics],
});

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

const refused = (code: ErrorCode, message: string, field?: string): CommandReply => ({
  ok: false,
  error: field === undefined ? { code, message } : { code, message, field },
});

/** As OpenTelemetry's conventions for RPC have it. What a tenant did wrong is no error of the span. */
function rpcSpan(
  kind: 'client' | 'server',
  context: Context,
  command: string,
  { traceparent, correlation, tenant }: CommandContext,
  work: () => Promise<CommandReply>,
): Promise<CommandReply> {
  const name = `${kind === 'client' ? 'call' : 'serve'} ${context}.${command}`;
  const rpc = { 'rpc.system': 'nats', 'rpc.service': context, 'rpc.method': command };
  return withSpan(
    name,
    { kind, traceparent, correlation, attributes: { ...rpc, 'atoll.tenant': tenant } },
    async () => {
      const reply = await work();
      if (reply.ok) annotate({ 'atoll.outcome': 'OK', 'atoll.position': reply.position });
      else {
        const { code } = reply.error;
        annotate({ 'atoll.outcome': code });
        if (!isCode(code) || errorCodes[code].kind !== 'user') annotateFailure(code);
      }
      return reply;
    },
  );
}

/** The first fault of an input, as the one who sent it knows its fields. */
function firstFault(error: z.ZodError): CommandReply {
  const issue = error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  // Of a record's key, what is wrong with the key is one level below.
  const what = (issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message) ?? 'is malformed';
  return field ? refused('INVALID_ARGUMENT', `${field}: ${what}`, field) : refused('INVALID_ARGUMENT', what);
}

/**
 * Serves every command of a registry on its subject in the context's queue group. Envelope and input are parsed first
 * (INVALID_ARGUMENT with the field); a command past its deadline isn't begun; `ready(seen)` is awaited before the
 * handler, so that replicas have what the caller has seen (bounded by the deadline, else UNAVAILABLE).
 */
export function serveCommands<R extends CommandRegistry>(options: {
  nc: NatsConnection;
  context: Context;
  registry: R;
  handlers: CommandHandlers<R>;
  ready: (seen: CommandEnvelope['seen'], deadline: number) => Promise<void>;
  log: Logger;
}): { stop(): Promise<void> } {
  const { nc, context, registry, handlers, ready, log } = options;

  async function run(command: string, input: z.ZodType, handler: Handler, body: unknown): Promise<CommandReply> {
    const envelope = commandEnvelope.safeParse(body);
    if (!envelope.success) return firstFault(envelope.error);
    const { data, ...rest } = envelope.data;
    if (Date.now() >= rest.deadline) {
      return refused('DEADLINE_EXCEEDED', 'The command came after its deadline and was not begun.');
    }
    return rpcSpan('server', context, command, rest, async () => {
      const parsed = input.safeParse(data);
      if (!parsed.success) return firstFault(parsed.error);
      const here = traceparentFor(rest.traceparent);
      try {
        await ready(rest.seen, rest.deadline);
      } catch (error) {
        log.warn({ err: error, command }, 'not ready for a command');
        return refused('UNAVAILABLE', 'The service has not caught up with what you have seen; try again.');
      }
      if (Date.now() >= rest.deadline) {
        return refused('UNAVAILABLE', 'The service has not caught up with what you have seen; try again.');
      }
      try {
        const answer = await handler(parsed.data, { ...rest, traceparent: here });
        failpoint('command.before-answer');
        if (answer.ok) return answer;
        const { code, message, field } = answer.rejection;
        return refused(code, message, field);
      } catch (error) {
        log.error({ err: error, command, tenant: rest.tenant, correlation: rest.correlation }, 'command failed');
        // A connection may break after the commit: the same key tells which.
        return isConnectionError(error)
          ? refused('UNKNOWN_OUTCOME', 'The connection to the database broke. Repeat with the same key.')
          : refused('INTERNAL_SERVER_ERROR', 'Something went wrong on our side. Repeat with the same key.');
      }
    });
  }

  const services = Object.entries(registry).map(([command, { input }]) => {
    // The registry pairs each name with its input; the type of a lookup by a plain text can't say so.
    const handler = handlers[command] as Handler;
    return serveRequests(
      nc,
      { subject: commandSubject(context, command), queue: commandQueue(context), log, fault: refused },
      async (body) => {
        const stopTimer = served.startTimer({ context, command });
        const reply = await run(command, input, handler, body);
        stopTimer({ outcome: reply.ok ? 'OK' : reply.error.code });
        return reply;
      },
    );
  });

  return {
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}

const commandReply = z.union([
  z.object({ ok: z.literal(true), result: z.unknown(), position: z.number(), version: z.number() }),
  z.object({
    ok: z.literal(false),
    error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
  }),
]);

/** Failures in a row that open a breaker, and how long it stays open before one call tries again. */
const failuresToOpen = 10;
const openMs = 1000;

const breakerState = new Gauge({
  name: 'atoll_breaker_state',
  help: 'Circuit breaker of the calls to a context: 0 closed, 1 open, 2 half-open',
  labelNames: ['context'],
  registers: [metrics],
});

function createBreaker(context: Context) {
  const breaker = circuitBreaker(handleType(RpcUnavailable).orType(RpcTimeout), {
    halfOpenAfter: openMs,
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  breakerState.set({ context }, CircuitState.Closed);
  breaker.onStateChange((state) => breakerState.set({ context }, state));
  return breaker;
}

/**
 * Calls a command of another process. Never throws for an answer: UNAVAILABLE (not done; nobody was there),
 * UNKNOWN_OUTCOME (no answer in time; repeat with the same key). One circuit breaker per context.
 */
export function createCommandClient(nc: NatsConnection): {
  call(context: Context, command: string, envelope: CommandEnvelope): Promise<CommandReply>;
} {
  const breakers = new Map(contexts.map((context) => [context, createBreaker(context)]));

  async function send(context: Context, command: string, envelope: CommandEnvelope): Promise<CommandReply> {
    const timeoutMs = envelope.deadline - Date.now();
    if (timeoutMs <= 0) return refused('DEADLINE_EXCEEDED', 'There was no time left, and it was not begun.');
    const body = { ...envelope, traceparent: traceparentFor(envelope.traceparent) };
    const request = () => requestJson(nc, commandSubject(context, command), body, { timeoutMs });
    const answer = await (breakers.get(context)?.execute(request) ?? request());
    return commandReply.parse(answer);
  }

  return {
    call(context, command, envelope) {
      return rpcSpan('client', context, command, envelope, async () => {
        try {
          return await send(context, command, envelope);
        } catch (error) {
          if (error instanceof RpcTimeout) {
            return refused(
              'UNKNOWN_OUTCOME',
              `The ${context} service did not answer in time. Repeat with the same key.`,
            );
          }
          if (error instanceof RpcUnavailable || isBrokenCircuitError(error)) {
            return refused('UNAVAILABLE', `The ${context} service can't be reached, and nothing was done. Try again.`);
          }
          throw error;
        }
      });
    },
  };
}
