/** One command from load to append. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { failpoint } from '@atoll/service/failpoint';
import type { Accepted, Claim, Decider, DomainEvent } from '../decider.ts';
import { ForeignStream, StoreOverloaded, SubjectErased, UnstorableInput } from '../errors.ts';
import type { AppendOutcome, ClaimConflict, CommandOutcome, EventStore, Idempotency, Origin } from '../event-store.ts';
import { inCommand } from '../spans.ts';
import type { Folded } from '../state/state-cache.ts';
import { nothing } from '../state/states.ts';
import { createTurns, type Turns } from '../turns.ts';

const MAX_DECISIONS = 10;

const refused = (rejection: Rejection): CommandOutcome => ({ ok: false, rejection });

const keyReused = reject(
  'IDEMPOTENCY_KEY_REUSED',
  'This idempotency key was used before for another request. Use a new key for a new request.',
);

const versionConflict = (expected: number, actual: number): CommandOutcome =>
  refused(
    reject(
      'VERSION_CONFLICT',
      `You have read version ${expected}, and it is at version ${actual} now. Read it again and repeat the change.`,
    ),
  );

const claimKey = (claim: Claim): string => (claim.op === 'take' && claim.kind === 'range' ? claim.range : claim.key);

/** What a claim conflict says where the caller has no better words: the code that fits its kind, and who holds what. */
function describeConflict({ claim, holders, held, at }: ClaimConflict): Rejection {
  const by = holders.length === 0 ? '' : ` It is held by ${holders.map(({ owner }) => owner).join(', ')}.`;
  if (claim.op === 'require') {
    return reject('ILLEGAL_STATE', `There is no ${claim.set} "${claim.key}" any more, or not yet.`);
  }
  if (claim.op === 'before') return reject('UNAVAILABLE', 'It took too long, and nothing was done. Try again.');
  if (claim.op === 'limit') {
    return reject('LIMIT_BELOW_USE', `${held} of ${claim.set} are held: the limit can't be ${claim.limit}.${by}`);
  }
  switch (claim.kind) {
    case 'amounts':
      return reject(
        'QUOTA_EXCEEDED',
        `The limit of ${at?.set} is ${at?.limit}: others hold ${held}, and ${at?.amount} are asked for.${by}`,
      );
    case 'unique':
      return reject('NAME_TAKEN', `The ${claim.set} "${claimKey(claim)}" is taken; choose another.${by}`);
    case 'range':
      return reject('CIDR_OVERLAP', `${claimKey(claim)} overlaps a range that is in use; choose another.${by}`);
    case 'amount': {
      const asked =
        claim.op === 'take' ? `${claim.amount} more than the ${held ?? 0} in use exceeds ${claim.limit}` : '';
      return reject(
        'QUOTA_EXCEEDED',
        `The limit of ${claim.set} is reached: ${asked}. Free some, or ask for a higher limit.`,
      );
    }
    default:
      return claim satisfies never;
  }
}

function replayed(stored: AppendOutcome): CommandOutcome | null {
  if (stored.outcome === 'key-reused') return refused(keyReused);
  if (stored.outcome !== 'replayed') return null;
  const { result, position, version } = stored;
  return { ok: true, result, position, version, replayed: true };
}

/** Options of `handleCommand`. */
export interface HandleOptions<S, C, E extends DomainEvent> {
  decider: Decider<S, C, E>;
  stream: string;
  command: C;
  origin: Origin;
  idempotency?: Idempotency;
  expectedVersion?: number | null;
  result?: unknown | ((state: S) => unknown);
  onClaimConflict?: (conflict: ClaimConflict) => Rejection;
  /** Streams of another tenant are answered NOT_FOUND with this text. */
  notFound?: Rejection;
  /** The stream's id was made up for this command: there is nothing to read before it is decided. */
  newStream?: boolean;
}

/**
 * Load → decide → append. A version conflict of `expectedVersion: null` is decided again on the new state (at most 10
 * times, then VERSION_CONFLICT). A claim conflict is told by `onClaimConflict` as a rejection. A decision without
 * events is answered with the stream's version and the store's last position. Positions are those of this context.
 *
 * The state may come from memory and be older than the stream: what is appended is judged by its version in the commit,
 * and everything that no commit judges (a refusal, a version that the caller has seen, a stream of another tenant) is
 * confirmed on the stream as it is before it is answered. So an accepted command on a stream in use is one round trip.
 *
 * The stored answer under the idempotency key comes before everything else: the commit looks for it first, and so does
 * every refusal. A refusal is stored nowhere: the same key may succeed later. Past the deadline of its origin nothing is
 * begun: a command that has waited for its turn until then is refused (DEADLINE_EXCEEDED). Throws `StoreUnavailable` where the outcome
 * isn't known.
 */
export async function handleCommand<S, C, E extends DomainEvent>(
  store: EventStore,
  options: HandleOptions<S, C, E>,
): Promise<CommandOutcome> {
  return await inCommand(options.stream, options.origin, () =>
    turnsOf(store).take(options.stream, async () => {
      if (Date.now() >= (options.origin.deadline ?? Number.POSITIVE_INFINITY)) return refused(tooLate);
      try {
        return await decideAndAppend(store, options);
      } catch (error) {
        if (error instanceof ForeignStream) return refused(options.notFound ?? foreign);
        // What it would write now can't be written; it may have been, when it was asked for the first time.
        if (error instanceof SubjectErased) {
          return (await earlierAnswer(store, options)) ?? refused(reject('ILLEGAL_STATE', error.message));
        }
        if (error instanceof UnstorableInput) return refused(reject('INVALID_ARGUMENT', error.message));
        if (error instanceof StoreOverloaded) return refused(reject('UNAVAILABLE', error.message));
        throw error;
      }
    }),
  );
}

const tooLate = reject(
  'DEADLINE_EXCEEDED',
  'Its deadline passed while it waited for others on the same resource, and nothing was done. Repeat with the same key.',
);

const foreign = reject('NOT_FOUND', 'There is no such resource.');

/**
 * Commands of one process on one stream take turns, so that they conflict with other processes only, and not with each
 * other: of fifty at once each is decided on what the one before it left.
 */
const turns = new WeakMap<EventStore, Turns>();
function turnsOf(store: EventStore): Turns {
  const known = turns.get(store) ?? createTurns();
  turns.set(store, known);
  return known;
}

async function earlierAnswer(
  store: EventStore,
  { idempotency, origin }: Pick<HandleOptions<never, never, never>, 'idempotency' | 'origin'>,
): Promise<CommandOutcome | null> {
  const stored = idempotency ? await store.storedAnswer(origin.tenant, idempotency) : null;
  return stored && replayed(stored);
}

/** Accepted, or why not. What is refused here no commit will judge. */
function judge<S, C, E extends DomainEvent>(
  { version, tenant, state }: Folded<S>,
  { decider, command, origin, notFound, expectedVersion }: HandleOptions<S, C, E>,
): Accepted<E> | { readonly ok: false; readonly outcome: CommandOutcome } {
  const no = (outcome: CommandOutcome) => ({ ok: false, outcome }) as const;
  const seen = expectedVersion ?? null;
  if (tenant !== null && tenant !== origin.tenant) return no(refused(notFound ?? foreign));
  // What isn't there has no version: the decision itself says what is missing.
  if (seen !== null && version > 0 && version !== seen) return no(versionConflict(seen, version));
  const decided = decider.decide(state, command);
  if (!decided.ok) return no(refused(decided.rejection));
  if (seen !== null && version !== seen) return no(versionConflict(seen, version));
  return decided;
}

async function decideAndAppend<S, C, E extends DomainEvent>(
  store: EventStore,
  options: HandleOptions<S, C, E>,
): Promise<CommandOutcome> {
  const { decider, stream, origin, idempotency } = options;
  const { states } = store;

  const remembered = options.newStream ? nothing(decider) : states.recall(decider, stream);
  let confirmed = remembered === null;
  let folded = remembered ?? (await states.load(decider, stream));
  let conflict = { decidedOn: 0, actual: 0 };
  for (let conflicts = 0; conflicts < MAX_DECISIONS; ) {
    failpoint('command.after-load');
    const decided = judge(folded, options);
    if (!decided.ok) {
      // Looked for after the state was read: an answer whose events are in it is found.
      if (confirmed) return (await earlierAnswer(store, options)) ?? decided.outcome;
      folded = await states.load(decider, stream);
      confirmed = true;
      continue;
    }

    // The store has checked and upcast the data: what its registry says is what the domain's types say.
    const evolve = (state: S, event: DomainEvent): S => decider.evolve(state, event as E);
    const result =
      typeof options.result === 'function'
        ? options.result(decided.events.reduce(evolve, folded.state))
        : options.result;
    const { version } = folded;
    const outcome = await store.append({
      stream,
      expected: version === 0 ? { kind: 'none' } : { kind: 'at', version },
      events: decided.events,
      claims: decided.claims,
      ...(decided.erases && { erases: decided.erases }),
      origin,
      ...(idempotency && { idempotency }),
      result: result ?? null,
    });
    switch (outcome.outcome) {
      case 'appended': {
        // After an erasure nothing is kept that was folded before it.
        if (decided.erases) store.forget(stream);
        else states.advance(decider, stream, folded, outcome.events);
        const { position } = outcome;
        return { ok: true, result: result ?? null, position, version: outcome.version, replayed: false };
      }
      case 'replayed': {
        const { position } = outcome;
        return { ok: true, result: outcome.result, position, version: outcome.version, replayed: true };
      }
      case 'key-reused':
        // The commit compares the request to the letter; of an erased subject less of it can be compared.
        return (await earlierAnswer(store, options)) ?? refused(keyReused);
      case 'claim-conflict':
        return refused((options.onClaimConflict ?? describeConflict)(outcome.conflict));
      case 'version-conflict': {
        const seen = options.expectedVersion ?? null;
        if (seen !== null) return versionConflict(seen, outcome.actual);
        conflict = { decidedOn: version, actual: outcome.actual };
        conflicts += 1;
        // From the newer events alone, where the older ones are known.
        folded = await states.load(decider, stream);
        confirmed = true;
        break;
      }
      default:
        outcome satisfies never;
    }
  }
  return refused(
    reject(
      'VERSION_CONFLICT',
      `Others changed it ${MAX_DECISIONS} times in between: it was decided on version ${conflict.decidedOn}, and it is ` +
        `at version ${conflict.actual} now. Repeat the change.`,
    ),
  );
}
