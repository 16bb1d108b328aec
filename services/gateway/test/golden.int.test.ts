/** Events as each release wrote them, in real stores: published, projected, and gone on from. */
import { goldenReleases, insertStored, readGolden } from '@atoll/events/testing/golden';
import { contexts } from '@atoll/schema/contexts';
import { newId } from '@atoll/service/ids';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { tables } from '../src/project/effects.ts';
import { type Platform, startPlatform } from './platform.ts';

let platform: Platform | undefined;
const stop = async () => {
  await platform?.stop();
  platform = undefined;
};
afterEach(stop);
afterAll(stop);

describe.each(goldenReleases())('a database with the events of release %s', (release) => {
  test('shows the rows that it showed, tells every event, parks none, and takes new ones', async () => {
    platform = await startPlatform();
    const { superuser, owner } = platform.database;
    const golden = contexts.map((context) => ({ context, events: readGolden(release, context) }));
    for (const { context, events } of golden) await insertStored(superuser, context, events);
    await platform.settled();

    const parked = await owner.query('select consumer, position, error from read.parked_event');
    expect(parked.rows).toEqual([]);
    const rows: Record<string, unknown> = {};
    for (const table of tables) {
      const found = await owner.query(`select to_jsonb(t) as row from read.${table} t order by id`);
      rows[table] = found.rows.map(({ row }) => row);
    }
    await expect(`${JSON.stringify(rows, null, 2)}\n`).toMatchFileSnapshot(`golden/${release}.rows.json`);

    // What waits for another context's event that is no longer to be seen is told after five seconds all the same.
    const told = async () => {
      const { rows: found } = await owner.query<{ id: string }>('select event_id as id from read.tenant_log');
      return found.map(({ id }) => id).sort();
    };
    const all = golden.flatMap(({ events }) => events.map(({ id }) => id)).sort();
    await expect.poll(told, { timeout: 20_000, interval: 100 }).toEqual(all);

    // The log goes on where the older version stopped.
    const environmentId = newId('environment');
    const [first] = golden[0]?.events ?? [];
    if (first === undefined) throw new Error('There are no golden events.');
    const position = await platform.append(first.tenant, 'tenancy', `environment:${environmentId}`, {
      type: 'EnvironmentCreated',
      data: { environmentId, name: 'later', kind: 'TEST' },
    });
    expect(position).toBe((golden[0]?.events.length ?? 0) + 1);
  });
});
