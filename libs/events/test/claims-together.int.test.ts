/** Claims that a batch grants by one statement: decided as if each command came in its turn, and the totals stay true. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, ClaimedAmount } from '../src/decider.ts';
import type { EventStore } from '../src/store.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newStream, opening } from '../src/testing/requests.ts';

let stores: TestStores;
let store: EventStore;
let pool: ReturnType<TestStores['open']>['pool'];

const append = (...claims: readonly Claim[]) => store.append(opening({ stream: newStream(), claims }));
const outcomes = async (all: readonly (readonly Claim[])[]) =>
  (await Promise.all(all.map((claims) => append(...claims)))).map(({ outcome }) => outcome);
const count = (all: readonly string[], outcome: string) => all.filter((each) => each === outcome).length;

const amounts = (owner: string, ...held: readonly ClaimedAmount[]): Claim => ({
  ...{ op: 'take', kind: 'amounts', set: 'quota', key: owner, owner, amounts: held },
});
const of = (key: string, amount: number, limit: number | null = null): ClaimedAmount => ({
  ...{ set: 'measure', key, amount, limit },
});
const unique = (op: 'take' | 'release', key: string, owner: string): Claim => ({
  ...{ op, kind: 'unique', set: 'mark', key, owner },
});
const requires = (key: string, owner?: string): Claim => ({
  ...{ op: 'require', set: 'mark', key, ...(owner !== undefined && { owner }) },
});

async function held(key: string): Promise<number> {
  const { rows } = await pool.query<{ held: string; sum: string }>(
    `select coalesce((select held from deploy.claim_total where claim_set = 'measure' and key = $1), 0)::text as held,
      (select coalesce(sum(amount), 0)::text from deploy.claim_amount where claim_set = 'measure' and key = $1) as sum`,
    [key],
  );
  expect(rows[0]?.held).toBe(rows[0]?.sum);
  return Number(rows[0]?.held);
}

const sum = (owners: ReadonlyMap<string, number> = new Map()) => [...owners.values()].reduce((a, b) => a + b, 0);

describe('claims that are granted together', () => {
  beforeAll(async () => {
    stores = await openTestStores();
    ({ store, pool } = stores.open());
  });
  afterAll(() => stores.close());

  test('the first that there is room for get it, at several keys at once, and nobody beyond', async () => {
    const all = Array.from({ length: 60 }, (_, n) => [amounts(`h${n}`, of('wide', 2, null), of('narrow', 1, 40))]);
    const done = await outcomes(all);
    expect(done).toEqual(all.map((_, n) => (n < 40 ? 'appended' : 'claim-conflict')));
    expect([await held('wide'), await held('narrow')]).toEqual([80, 40]);
    expect(
      count(await outcomes(all.map((_, n) => [amounts(`h${n}`, of('wide', 0), of('narrow', 0))])), 'appended'),
    ).toBe(60);
    expect([await held('wide'), await held('narrow')]).toEqual([0, 0]);
  });

  test('a kept limit goes before the one that a claim brings, and one who holds more already may hold less', async () => {
    await append({ op: 'limit', kind: 'amount', set: 'measure', key: 'kept', limit: 10 });
    const done = await outcomes(Array.from({ length: 20 }, (_, n) => [amounts(`k${n}`, of('kept', 1, 1000))]));
    expect(count(done, 'appended')).toBe(10);
    await append({ op: 'limit', kind: 'amount', set: 'measure', key: 'kept', limit: null });
    const raised = await outcomes(Array.from({ length: 20 }, (_, n) => [amounts(`k${n}`, of('kept', 4, 1000))]));
    expect(count(raised, 'appended')).toBe(20);
    const lowered = await outcomes(Array.from({ length: 20 }, (_, n) => [amounts(`k${n}`, of('kept', 3, 1))]));
    expect(count(lowered, 'appended')).toBe(20);
    expect(await held('kept')).toBe(60);
  });

  test('a key that two of them want goes to the first; one that is closed before them is closed for them', async () => {
    const rivals = await outcomes(Array.from({ length: 20 }, (_, n) => [unique('take', 'one', `r${n}`)]));
    expect(rivals).toEqual(rivals.map((_, n) => (n === 0 ? 'appended' : 'claim-conflict')));
    const behind = Array.from({ length: 20 }, (_, n) => [requires('one'), amounts(`b${n}`, of('behind', 1))]);
    const closed = await outcomes([[unique('release', 'one', 'r0')], ...behind]);
    expect(closed).toEqual(['appended', ...behind.map(() => 'claim-conflict')]);
    expect(await held('behind')).toBe(0);
    const opened = await outcomes([[unique('take', 'one', 'new')], ...behind]);
    expect(count(opened, 'appended')).toBe(21);
  });

  test('a limit that comes before them holds for them', async () => {
    const some = (name: string, length: number) =>
      Array.from({ length }, (_, n) => [amounts(`${name}${n}`, of('late', 1))]);
    const limit: Claim = { op: 'limit', kind: 'amount', set: 'measure', key: 'late', limit: 15 };
    const done = await outcomes([...some('x', 12), [limit], ...some('y', 28)]);
    expect(done).toEqual(done.map((_, n) => (n < 16 ? 'appended' : 'claim-conflict')));
  });

  test('a key can be required of one owner', async () => {
    await append(unique('take', 'theirs', 'they'));
    for (const times of [1, 20]) {
      const ask = (owner: string) => outcomes(Array.from({ length: times }, () => [requires('theirs', owner)]));
      expect(count(await ask('they'), 'appended')).toBe(times);
      expect(count(await ask('others'), 'claim-conflict')).toBe(times);
    }
  });

  test('in batches of all sorts each is decided as in its turn', async () => {
    let runs = 0;
    const small = fc.nat({ max: 4 });
    const command = fc.record({
      owner: small,
      mark: fc.option(fc.record({ op: fc.constantFrom('take', 'release', 'require'), key: fc.nat({ max: 2 }) })),
      asked: fc.uniqueArray(fc.record({ key: fc.nat({ max: 2 }), more: small }), { selector: ({ key }) => key }),
      distinct: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 8, maxLength: 50 }), async (commands) => {
        runs += 1;
        const totals = new Map<string, Map<string, number>>();
        const marks = new Map<string, string>();
        const all = commands.map(({ owner, mark, asked, distinct }, n) => {
          const who = distinct ? `p${runs}-${n}` : `p${runs}-of-${owner}`;
          const claims: Claim[] = [];
          const key = `m${runs}-${mark?.key}`;
          if (mark?.op === 'require') claims.push(requires(key));
          else if (mark) claims.push(unique(mark.op === 'take' ? 'take' : 'release', key, who));
          // Nobody's amount gets smaller: room that somebody lets go of may be had before one's turn.
          const least = distinct ? 1 : (n + 1) * 5;
          const rows = asked.map(({ key: k, more }) => of(`t${runs}-${k}`, least + more, 150));
          if (rows.length > 0) claims.push(amounts(who, ...rows));
          return { who, claims, mark: mark && { ...mark, key }, rows };
        });
        const expected = all.map(({ who, mark, rows }) => {
          const holder = mark ? marks.get(mark.key) : undefined;
          if (mark?.op === 'require' && holder === undefined) return 'claim-conflict';
          if (mark?.op === 'take' && holder !== undefined && holder !== who) return 'claim-conflict';
          const refused = rows.some(({ key, amount }) => {
            const had = totals.get(key)?.get(who) ?? 0;
            return amount > had && sum(totals.get(key)) - had + amount > 150;
          });
          if (refused) return 'claim-conflict';
          if (mark?.op === 'take') marks.set(mark.key, who);
          if (mark?.op === 'release' && holder === who) marks.delete(mark.key);
          for (const { key, amount } of rows) totals.set(key, (totals.get(key) ?? new Map()).set(who, amount));
          return 'appended';
        });
        expect(await outcomes(all.map(({ claims }) => claims))).toEqual(expected);
        for (const [key, owners] of totals) expect(await held(key)).toBe(sum(owners));
      }),
      { numRuns: 60 },
    );
  });
});
