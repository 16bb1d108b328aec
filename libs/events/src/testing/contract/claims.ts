/** What is said of claims. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Claim } from '../../decider.ts';
import type { EventStore } from '../../store.ts';
import { amount, count, opening, range, release, unique } from '../requests.ts';
import type { OpenedStores } from './opened-stores.ts';

export function claimsContract(opened: () => OpenedStores): void {
  describe('claims', () => {
    let a: EventStore;
    let b: EventStore;
    beforeAll(() => {
      ({ a, b } = opened());
    });

    const claiming = (...claims: Claim[]) => opening({ claims });

    test('a unique key has one holder, who may take it again, and who is named to others', async () => {
      await a.append(claiming(unique('web', 'dep_1')));
      expect((await b.append(claiming(unique('web', 'dep_1')))).outcome).toBe('appended');
      expect(await b.append(claiming(unique('web', 'dep_2')))).toEqual({
        outcome: 'claim-conflict',
        conflict: { claim: unique('web', 'dep_2'), holders: [{ owner: 'dep_1', amount: null }], held: null },
      });
      await a.append(claiming(release('unique', 'name', 'web', 'dep_2')));
      expect((await b.append(claiming(unique('web', 'dep_2')))).outcome).toBe('claim-conflict');
      await a.append(claiming(release('unique', 'name', 'web', 'dep_1')));
      expect((await b.append(claiming(unique('web', 'dep_2')))).outcome).toBe('appended');
    });

    test('a key is handed over within one command', async () => {
      await a.append(claiming(unique('handed', 'one')));
      const swap = claiming(release('unique', 'name', 'handed', 'one'), unique('handed', 'two'));
      expect((await a.append(swap)).outcome).toBe('appended');
      expect((await a.append(claiming(unique('handed', 'one')))).outcome).toBe('claim-conflict');
    });

    test('ranges of one set never overlap, in either family; other sets are apart', async () => {
      await a.append(claiming(range('10.1.0.0/16', 'sub_1'), range('fd00:1::/48', 'sub_1')));
      for (const overlapping of ['10.1.2.0/24', '10.0.0.0/8', '10.1.0.0/16', 'fd00:1:0:5::/64', 'fd00::/16']) {
        const outcome = await b.append(claiming(range(overlapping, 'sub_2')));
        expect(outcome).toMatchObject({
          outcome: 'claim-conflict',
          conflict: { claim: { range: overlapping }, holders: [{ owner: 'sub_1', amount: null }] },
        });
      }
      const apart: Claim = { op: 'take', kind: 'range', set: 'other', range: '10.1.0.0/16', owner: 'sub_2' };
      expect((await b.append(claiming(range('10.2.0.0/16', 'sub_2'), apart))).outcome).toBe('appended');
      expect((await b.append(claiming(range('10.1.0.0/16', 'sub_1')))).outcome).toBe('appended');
      await a.append(claiming(release('range', 'ip', '10.1.0.0/16', 'sub_1')));
      expect((await b.append(claiming(range('10.1.2.0/24', 'sub_2')))).outcome).toBe('appended');
    });

    test('of 50 overlapping ranges at once one is taken', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          index % 2
            ? a.append(claiming(range('10.9.0.0/16', `sub_${index}`)))
            : b.append(claiming(range('10.8.0.0/15', `sub_${index}`))),
        ),
      );
      expect(count(outcomes, 'appended')).toBe(1);
      expect(count(outcomes, 'claim-conflict')).toBe(49);
    });

    test('50 at once at limit - 1 leave exactly one winner, and the others are told who holds what', async () => {
      for (const index of [1, 2, 3, 4]) {
        await a.append(claiming(amount('ten_1', `held${index}`, index, 11)));
      }
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 ? a : b).append(claiming(amount('ten_1', `new${index}`, 1, 11))),
        ),
      );
      expect(count(outcomes, 'appended')).toBe(1);
      const refused = outcomes.find(({ outcome }) => outcome === 'claim-conflict');
      expect(refused).toMatchObject({
        conflict: { held: 11, holders: [{ owner: 'held4', amount: 4 }, {}, {}, {}, {}] },
      });
    });

    test('an owner replaces its amount; less is always fine; what is released is free', async () => {
      const key = 'ten_2';
      expect((await a.append(claiming(amount(key, 'x', 6, 10)))).outcome).toBe('appended');
      expect((await a.append(claiming(amount(key, 'y', 5, 10)))).outcome).toBe('claim-conflict');
      expect((await a.append(claiming(amount(key, 'x', 8, 10)))).outcome).toBe('appended');
      expect((await a.append(claiming(amount(key, 'y', 2, 10)))).outcome).toBe('appended');
      // The limit was lowered below what is held.
      expect((await a.append(claiming(amount(key, 'x', 7, 5)))).outcome).toBe('appended');
      expect((await a.append(claiming(amount(key, 'y', 3, 5)))).outcome).toBe('claim-conflict');
      await a.append(claiming(release('amount', 'cpu', key, 'x'), release('amount', 'cpu', key, 'nobody')));
      expect(await b.append(claiming(amount(key, 'z', 4, 5)))).toMatchObject({
        outcome: 'claim-conflict',
        conflict: { held: 2, holders: [{ owner: 'y', amount: 2 }] },
      });
      expect((await b.append(claiming(amount(key, 'z', 3, 5)))).outcome).toBe('appended');
    });

    test('what is required must be held by somebody at the commit', async () => {
      const required: Claim = { op: 'require', set: 'name', key: 'gate' };
      expect(await a.append(claiming(required))).toEqual({
        outcome: 'claim-conflict',
        conflict: { claim: required, holders: [], held: null },
      });
      await a.append(claiming(unique('gate', 'ns')));
      expect((await b.append(claiming(required))).outcome).toBe('appended');
      const closing = a.append(claiming(release('unique', 'name', 'gate', 'ns')));
      const behind = Array.from({ length: 20 }, () => a.append(claiming(required)));
      await closing;
      expect(count(await Promise.all(behind), 'appended')).toBe(0);
    });

    test('a refused command leaves none of its claims behind', async () => {
      await a.append(claiming(unique('taken', 'first')));
      const refused = claiming(
        unique('left', 'second'),
        range('10.77.0.0/16', 'second'),
        amount('k', 'second', 1, 1),
        unique('taken', 'second'),
      );
      expect((await a.append(refused)).outcome).toBe('claim-conflict');
      const after = claiming(unique('left', 'third'), range('10.77.0.0/16', 'third'), amount('k', 'third', 1, 1));
      expect((await b.append(after)).outcome).toBe('appended');
    });
  });
}
