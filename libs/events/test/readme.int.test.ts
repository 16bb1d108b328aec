import { readFileSync } from 'node:fs';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { startTestNats } from '@atoll/infra/testing/nats';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { expect, test } from 'vitest';
import { testLog as log } from '../src/testing/open-store.ts';
import { example } from './readme-example.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

test('the example of the README is the one that runs here', () => {
  const shown = read('../README.md').split('```ts\n')[1]?.split('```')[0];
  expect(shown).toBe(read('readme-example.ts').split('// ---\n')[1]);
});

test('the example does what it says', async () => {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const pool = createPool({ url: database.url, name: 'readme', max: 5, log });
  const nc = await connectNats({ url: nats.url, name: 'readme', log });
  expect(await example({ pool, nc, log })).toMatchObject({
    outcome: { ok: true, position: 1, version: 1, replayed: false },
    owners: ['ann'],
  });
  await nc.close();
  await pool.end();
  await nats.stop();
  await database.drop();
});
