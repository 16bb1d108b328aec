/** Commands over NATS: the caller's side and the serving side. */

import type { Context } from '@atoll/schema/contexts';
import type { CommandEnvelope, CommandReply } from '@atoll/schema/envelope';
import type { Rejection } from '@atoll/schema/errors';
import type { CommandRegistry, InputOf, ResultOf } from '@atoll/schema/registry';
import type { Logger } from 'pino';
import type { NatsConnection } from './nats.ts';

/** Everything of the envelope but the data, which the handler gets parsed. */
export type CommandContext = Omit<CommandEnvelope, 'data'>;

export type CommandAnswer<R> =
  | { readonly ok: true; readonly result: R; readonly position: number; readonly version: number }
  | { readonly ok: false; readonly rejection: Rejection };

export type CommandHandlers<R extends CommandRegistry> = {
  [N in keyof R & string]: (input: InputOf<R, N>, context: CommandContext) => Promise<CommandAnswer<ResultOf<R, N>>>;
};

/**
 * Serves every command of a registry on its subject in the context's queue group. Envelope and input are parsed first
 * (INVALID_ARGUMENT with the field); a command past its deadline isn't begun; `ready(seen)` is awaited before the
 * handler, so that replicas have what the caller has seen (bounded by the deadline, else UNAVAILABLE).
 */
export declare function serveCommands<R extends CommandRegistry>(options: {
  nc: NatsConnection;
  context: Context;
  registry: R;
  handlers: CommandHandlers<R>;
  ready: (seen: CommandEnvelope['seen'], deadline: number) => Promise<void>;
  log: Logger;
}): { stop(): Promise<void> };

/**
 * Calls a command of another process. Never throws for an answer: UNAVAILABLE (not done; nobody was there),
 * UNKNOWN_OUTCOME (no answer in time; repeat with the same key). One circuit breaker per context.
 */
export declare function createCommandClient(nc: NatsConnection): {
  call(context: Context, command: string, envelope: CommandEnvelope): Promise<CommandReply>;
};
