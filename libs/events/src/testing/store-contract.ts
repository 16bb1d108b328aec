/**
 * What every event store must do, whatever it stands on. `open` gives two processes' stores over the same empty log, with
 * the registry `bankEvents`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimsContract } from './contract/claims.ts';
import { keysContract } from './contract/keys.ts';
import { neighboursContract } from './contract/neighbours.ts';
import type { OpenedStores } from './contract/opened-stores.ts';
import { positionsContract } from './contract/positions.ts';
import { versionsContract } from './contract/versions.ts';

export function storeContract(name: string, open: () => Promise<OpenedStores>): void {
  describe(`${name} keeps the store's contract`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());
    const opened = () => stores;

    positionsContract(opened);
    versionsContract(opened);
    keysContract(opened);
    claimsContract(opened);
    neighboursContract(opened);

    test('pages are bounded and follow each other', async () => {
      const last = await stores.a.lastPosition();
      const first = await stores.a.readAfter(0, 7);
      expect(first.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect((await stores.a.readAfter(7, 1))[0]?.position).toBe(8);
      expect(await stores.a.readAfter(last, 10)).toEqual([]);
      expect((await stores.a.readAfter(0, 1_000_000)).length).toBeLessThanOrEqual(5000);
    });
  });
}
