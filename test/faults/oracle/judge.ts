/**
 * The oracle: every call is ok, fail or unknown, and after healing ok = once, fail = none, unknown = none or once; and
 * what is in the store is in the streams, the read models and the subscriber's log, once and in order. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Call } from '../run/calls.ts';
import { ACCOUNTS, LEDGER } from '../workload/role.ts';
import type { Answer, Observed, StoredEvent } from './observed.ts';
import type { Called } from './outcome.ts';
import { type Violation, violation } from './violation.ts';

function countBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of list) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

export function judgeCalls(calls: readonly Called[], store: readonly StoredEvent[]): Violation[] {
  const found = countBy(store, ({ data }) => data.call);
  const positionOf = new Map(store.map(({ data, position }) => [data.call, position]));
  const told = ({ id, key, outcome }: Called) =>
    `${id} (${key ?? 'no key'}${outcome.kind === 'ok' ? `, answered ${outcome.position}` : `, ${outcome.code}`}, stored at ${positionOf.get(id) ?? 'no position'})`;
  const times = (call: Called) => found.get(call.id) ?? 0;
  const where = (test: (call: Called) => boolean) => calls.filter(test).map(told);
  const known = new Set(calls.map(({ id }) => id));
  const rules = [
    violation(
      'ok-is-once',
      'lost',
      'acknowledged, and not in the store',
      where((c) => c.outcome.kind === 'ok' && times(c) === 0),
    ),
    violation(
      'ok-is-once',
      'doubled',
      'acknowledged, and carried out more than once',
      where((c) => c.outcome.kind === 'ok' && times(c) > 1),
    ),
    violation(
      'ok-is-once',
      'other',
      'answered with a position that is not its own',
      where((c) => c.outcome.kind === 'ok' && times(c) === 1 && positionOf.get(c.id) !== c.outcome.position),
    ),
    violation(
      'fail-is-none',
      'other',
      'refused, and carried out',
      where((c) => c.outcome.kind === 'fail' && times(c) > 0),
    ),
    violation(
      'unknown-is-at-most-once',
      'doubled',
      'unknown, and carried out more than once',
      where((c) => c.outcome.kind === 'unknown' && times(c) > 1),
    ),
    violation(
      'ok-is-once',
      'other',
      'in the store, and nobody has asked for it',
      store.filter(({ data }) => !known.has(data.call)).map(({ data, position }) => `${data.call} at ${position}`),
    ),
  ];
  return rules.filter((rule) => rule.where.length > 0);
}

export function judgeStore(context: Context, store: readonly StoredEvent[]): Violation[] {
  const found: Violation[] = [];
  const gaps = store.filter(({ position }, index) => position !== index + 1);
  const [firstGap] = gaps;
  if (firstGap) found.push(violation('positions-contiguous', 'other', `${context}: gap before`, [firstGap.position]));
  const versions = new Map<string, number>();
  const tenants = new Map<string, string>();
  let time = 0;
  for (const { stream, version, position, time: at, tenant } of store) {
    const before = versions.get(stream) ?? 0;
    if (version !== before + 1) {
      found.push(
        violation('versions-contiguous', 'other', `${context}: ${stream} has version ${version} after ${before}`, [
          position,
        ]),
      );
    }
    versions.set(stream, version);
    if ((tenants.get(stream) ?? tenant) !== tenant) {
      found.push(
        violation('versions-contiguous', 'other', `${context}: ${stream} has events of two tenants`, [position]),
      );
    }
    tenants.set(stream, tenant);
    if (at.getTime() < time)
      found.push(violation('time-never-back', 'other', `${context}: time runs back`, [position]));
    time = at.getTime();
  }
  return found;
}

/** A sequence of (position, id) that should be the store's, from `from` on. */
export function judgeSequence(
  rule: 'stream-equals-store' | 'log-equals-store' | 'model-equals-store',
  what: string,
  sequence: readonly { position: number; id: string }[],
  store: readonly StoredEvent[],
  from = 1,
): Violation[] {
  const found: Violation[] = [];
  const counts = countBy(sequence, ({ position }) => String(position));
  const missing = store.filter(({ position }) => position >= from && !counts.has(String(position)));
  const doubled = [...counts].filter(([, times]) => times > 1).map(([position]) => position);
  const foreign = sequence.filter(({ position, id }) => store[position - 1]?.id !== id);
  const unordered = sequence.filter(({ position }, index) => position <= (sequence[index - 1]?.position ?? 0));
  if (missing.length > 0)
    found.push(
      violation(
        rule,
        'lost',
        `${what} lacks`,
        missing.map(({ position }) => position),
      ),
    );
  if (doubled.length > 0) found.push(violation(rule, 'doubled', `${what} has more than once`, doubled));
  if (foreign.length > 0) {
    found.push(
      violation(
        rule,
        'other',
        `${what} has what the store has not`,
        foreign.map(({ position, id }) => `${id} at ${position}`),
      ),
    );
  }
  if (unordered.length > 0 && doubled.length === 0) {
    found.push(
      violation(
        rule,
        'other',
        `${what} is out of order at`,
        unordered.map(({ position }) => position),
      ),
    );
  }
  return found;
}

/** What a stream has is the store's, word for word. Its oldest may be gone; from its first on nothing is missing. */
export function judgeStream(
  context: Context,
  stream: readonly EventRecord[],
  store: readonly StoredEvent[],
): Violation[] {
  const what = `the stream of ${context}`;
  const altered = stream.filter((event) => {
    const stored = store[event.position - 1];
    if (stored?.id !== event.id) return false;
    const { type, tenant, stream: of, version, cause, data } = stored;
    const isSame =
      isDeepStrictEqual(
        [event.type, event.tenant, event.stream, event.version, event.cause, event.data],
        [type, tenant, of, version, cause, data],
      ) && new Date(event.time).getTime() === stored.time.getTime();
    return !isSame;
  });
  const told = altered.map(({ id, position }) => `${id} at ${position}`);
  return [
    ...judgeSequence('stream-equals-store', what, stream, store, stream[0]?.position ?? 1),
    ...(altered.length > 0 ? [violation('stream-equals-store', 'other', `${what} tells otherwise`, told)] : []),
  ];
}

/** What is stored under a key is the answer that was given. */
export function judgeAnswers(calls: readonly Called[], answers: readonly Answer[]): Violation[] {
  const stored = new Map(answers.map(({ tenant, key, position }) => [`${tenant} ${key}`, position]));
  const wrong = calls.filter(
    ({ outcome, tenant, key }) =>
      outcome.kind === 'ok' && key !== null && stored.get(`${tenant} ${key}`) !== outcome.position,
  );
  const told = wrong.map(({ id, key }) => `${id} (${key})`);
  return wrong.length > 0
    ? [violation('key-once', 'other', 'the stored answer is not the one that was given', told)]
    : [];
}

export function judgeReactions(accounts: readonly StoredEvent[], ledger: readonly StoredEvent[]): Violation[] {
  const booked = countBy(ledger, ({ data }) => data.of ?? '');
  const amounts = new Map(ledger.map(({ data }) => [data.of, data.amount]));
  const told = ({ id, position, data }: StoredEvent) => `${data.call} (${id} at ${position})`;
  const rules = [
    violation('reaction-exactly-once', 'lost', 'never booked', accounts.filter(({ id }) => !booked.has(id)).map(told)),
    violation(
      'reaction-exactly-once',
      'doubled',
      'booked more than once',
      accounts.filter(({ id }) => (booked.get(id) ?? 0) > 1).map(told),
    ),
    violation(
      'reaction-exactly-once',
      'other',
      'booked with another amount',
      accounts.filter(({ id, data }) => amounts.has(id) && amounts.get(id) !== (data.amount ?? 0)).map(told),
    ),
  ];
  return rules.filter((rule) => rule.where.length > 0);
}

function judgeModel(model: Context, observed: Observed): Violation[] {
  const store = observed.store[model];
  const applied = observed.applied
    .filter((row) => row.model === model)
    .map(({ position, event_id }) => ({ position, id: event_id }));
  // What was parked is applied late: then only how often counts.
  const ordered = applied.toSorted((a, b) => a.position - b.position);
  const found = judgeSequence('model-equals-store', `the read model of ${model}`, ordered, store);
  const wanted = new Map<string, { amount: number; events: number }>();
  for (const { stream, data } of store) {
    const sum = wanted.get(stream) ?? { amount: 0, events: 0 };
    wanted.set(stream, { amount: sum.amount + (data.amount ?? 0), events: sum.events + 1 });
  }
  const sums = observed.sums.filter((sum) => sum.model === model);
  for (const { stream, amount, events } of sums) {
    const right = wanted.get(stream);
    if (right?.amount === amount && right.events === events) continue;
    const kind = events > (right?.events ?? 0) ? 'doubled' : events < (right?.events ?? 0) ? 'lost' : 'other';
    found.push(
      violation(
        'model-equals-store',
        kind,
        `${model}: ${stream} has ${events} events with the sum ${amount}, and the store has ${right?.events ?? 0} with ${right?.amount ?? 0}`,
      ),
    );
  }
  if (sums.length < wanted.size) {
    const has = new Set(sums.map(({ stream }) => stream));
    found.push(
      violation(
        'model-equals-store',
        'lost',
        `the read model of ${model} lacks streams`,
        [...wanted.keys()].filter((stream) => !has.has(stream)),
      ),
    );
  }
  return found;
}

function judgeClaims(observed: Observed): Violation[] {
  const store = observed.store[ACCOUNTS];
  const found: Violation[] = [];
  const opened = store.filter(({ type }) => type === 'Opened');
  const names = countBy(opened, ({ data }) => data.name ?? '');
  const twice = [...names].filter(([, times]) => times > 1).map(([name]) => name);
  if (twice.length > 0) found.push(violation('claims-hold', 'doubled', 'a name has two accounts', twice));
  const owners = new Map(observed.names.map(({ key, owner }) => [key, owner]));
  const unclaimed = opened.filter(({ data, stream }) => `account:${owners.get(data.name ?? '')}` !== stream);
  if (unclaimed.length > 0)
    found.push(
      violation(
        'claims-hold',
        'lost',
        'an account does not hold its name',
        unclaimed.map(({ stream }) => stream),
      ),
    );
  if (owners.size > names.size)
    found.push(
      violation(
        'claims-hold',
        'other',
        'names are held that no account has',
        [...owners.keys()].filter((name) => !names.has(name)),
      ),
    );
  const held = new Map<string, number>();
  for (const { data } of store)
    if (data.pool !== undefined) held.set(data.pool, (held.get(data.pool) ?? 0) + (data.amount ?? 0));
  for (const { key, held: claimed } of observed.pools) {
    if ((held.get(key) ?? 0) !== claimed)
      found.push(
        violation('claims-hold', 'other', `${key} holds ${claimed}, and its events come to ${held.get(key) ?? 0}`),
      );
    if (claimed > 600) found.push(violation('claims-hold', 'other', `${key} holds ${claimed}, more than its limit`));
  }
  return found;
}

export const judgeParked = (parked: readonly string[]): Violation[] =>
  parked.length > 0 ? [violation('nothing-parked', 'lost', 'events are parked', parked)] : [];

export function judge(calls: readonly Call[], observed: Observed): Violation[] {
  const accounts = observed.store[ACCOUNTS];
  const ledger = observed.store[LEDGER];
  return [
    // First: what is parked is why much of the rest is missing.
    ...judgeParked(observed.parked),
    ...judgeCalls(calls, accounts),
    ...judgeStore(ACCOUNTS, accounts),
    ...judgeStore(LEDGER, ledger),
    ...judgeAnswers(calls, observed.answers),
    ...judgeClaims(observed),
    ...judgeStream(ACCOUNTS, observed.streams[ACCOUNTS], accounts),
    ...judgeStream(LEDGER, observed.streams[LEDGER], ledger),
    ...judgeReactions(accounts, ledger),
    ...judgeModel(ACCOUNTS, observed),
    ...judgeModel(LEDGER, observed),
    ...judgeSequence('log-equals-store', "the subscriber's log", observed.log, accounts),
  ];
}
