/** Appends as tests make them, and what they look at afterwards. */
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { Claim } from '../decider.ts';
import type { AppendOutcome, AppendRequest, EventStore, Origin } from '../store.ts';

export const originOf = (tenant: Tenant = PLATFORM): Origin => ({
  tenant,
  actor: 'user:ann',
  cause: null,
  correlation: 'corr',
  traceparent: null,
});

let streams = 0;
export const newStream = () => `account:${process.pid}-${++streams}`;

/** One event on a new stream, unless told otherwise. */
export const opening = (changes: Partial<AppendRequest> = {}): AppendRequest => ({
  stream: newStream(),
  expected: { kind: 'none' },
  events: [{ type: 'Opened', data: { owner: 'ann' } }],
  claims: [],
  origin: originOf(),
  ...changes,
});

export function appended(outcome: AppendOutcome): Extract<AppendOutcome, { outcome: 'appended' }> {
  if (outcome.outcome !== 'appended') throw new Error(`Not appended: ${JSON.stringify(outcome)}`);
  return outcome;
}

export const count = (outcomes: readonly AppendOutcome[], wanted: AppendOutcome['outcome']) =>
  outcomes.filter(({ outcome }) => outcome === wanted).length;

export const unique = (key: string, owner: string): Claim => ({ op: 'take', kind: 'unique', set: 'name', key, owner });
export const range = (cidr: string, owner: string): Claim => ({
  op: 'take',
  kind: 'range',
  set: 'ip',
  range: cidr,
  owner,
});
export const amount = (key: string, owner: string, held: number, limit: number): Claim => ({
  op: 'take',
  kind: 'amount',
  set: 'cpu',
  key,
  owner,
  amount: held,
  limit,
});
export const release = (kind: 'unique' | 'range' | 'amount', set: string, key: string, owner: string): Claim => ({
  op: 'release',
  kind,
  set,
  key,
  owner,
});

export const moves = (length: number) => Array.from({ length }, () => ({ type: 'Moved', data: { amount: 1 } }));

export async function existing(store: EventStore, tenant: Tenant = PLATFORM) {
  const request = opening({ origin: originOf(tenant) });
  const { position } = appended(await store.append(request));
  return { stream: request.stream, position };
}

export async function readAll(store: EventStore) {
  const all = [];
  for (;;) {
    const page = await store.readAfter(all.at(-1)?.position ?? 0, 5000);
    if (page.length === 0) return all;
    all.push(...page);
  }
}
