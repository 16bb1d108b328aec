import { connect as connectTcp } from 'node:net';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../testing/database.ts';
import { startTestNats } from '../testing/nats.ts';

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const connects = (url: string) =>
  new Promise<boolean>((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connectTcp({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

describe('createTestDatabase', () => {
  test('gives databases that do not see each other, on a server that keeps what it acknowledges', async () => {
    const one = await createTestDatabase();
    const two = await createTestDatabase();
    try {
      await query(one.url, 'create table only_here (a int)');
      const seen = await query(two.url, `select to_regclass('only_here') as found, current_setting('fsync') as fsync`);
      expect(seen.rows).toEqual([{ found: null, fsync: 'on' }]);
    } finally {
      await one.drop();
      await two.drop();
    }
  });

  test('drops a database that still has connections', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    await database.drop();
    await expect(query(database.url, 'select 1')).rejects.toThrow(/does not exist/);
  });
});

describe('startTestNats', () => {
  test('serves, dies by kill, comes back on the same port, and is gone after stop', async () => {
    const nats = await startTestNats();
    expect(await connects(nats.url)).toBe(true);
    await nats.kill();
    expect(await connects(nats.url)).toBe(false);
    await nats.restart();
    expect(await connects(nats.url)).toBe(true);
    await nats.stop();
    expect(await connects(nats.url)).toBe(false);
  });
});
