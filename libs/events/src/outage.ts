import { errorCodes, type Rejection } from '@atoll/schema/errors';
import { RpcTimeout, RpcUnavailable } from '@atoll/service/nats';
import { Fenced } from './consume/checkpoint.ts';
import { isPassing } from './database/postgres-errors.ts';
import { StoreOverloaded, StoreUnavailable } from './errors.ts';

/** A reaction couldn't be carried out for the moment, through no fault of its event: it is tried again for as long as it takes. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** The command of a reaction was refused, and would be refused again: the event is parked, for a person to look at. */
export class ReactionRefused extends Error {
  override readonly name = 'ReactionRefused';
  readonly rejection: Rejection;
  constructor(rejection: Rejection, message: string) {
    super(message);
    this.rejection = rejection;
  }
}

/**
 * What a reaction throws where its command was refused. Overload, an unknown outcome, a key that is in flight or a stream
 * that others keep changing say nothing about the event: `NotNow`. Everything else is `ReactionRefused`, what has to be read
 * and confirmed anew, too: a reaction has nobody who would, and repeats what it has.
 */
export function refusal(what: string, rejection: Rejection): NotNow | ReactionRefused {
  const { code } = rejection;
  const { kind, retry } = errorCodes[code];
  const message = `${what}: ${rejection.message}`;
  const passes =
    kind === 'fault' ? code !== 'INTERNAL_SERVER_ERROR' : retry === 'same-key' || code === 'VERSION_CONFLICT';
  return passes ? new NotNow(message) : new ReactionRefused(rejection, message);
}

/** The surroundings are at fault, not the event: trying again helps, parking doesn't. */
export const isOutage = (error: unknown): boolean =>
  error instanceof NotNow ||
  error instanceof Fenced ||
  error instanceof RpcUnavailable ||
  error instanceof RpcTimeout ||
  error instanceof StoreOverloaded ||
  error instanceof StoreUnavailable ||
  isPassing(error) ||
  (error instanceof Error && error.cause !== undefined && isOutage(error.cause));
