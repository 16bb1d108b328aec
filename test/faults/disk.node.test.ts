/** Disks that are full, under load: what was acknowledged is durable, and once there is room it goes on. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskFault, mountSmallDisk, type SmallDisk } from './disk.ts';
import { openRig, type Rig } from './rig.ts';
import { hasNoRoom, natsAnswers, postgresAnswers } from './servers.ts';

let disks: { postgres: SmallDisk; nats: SmallDisk };
let rig: Rig;
beforeAll(async () => {
  disks = { postgres: await mountSmallDisk(220), nats: await mountSmallDisk(24) };
  const folder = join(disks.postgres.path, 'cluster');
  mkdirSync(folder);
  rig = await openRig({
    seed: 5,
    postgres: { folder, settings: { min_wal_size: '32MB', max_wal_size: '48MB', shared_buffers: '16MB' } },
    // More than the disk has: the server is to find out by writing.
    nats: { storeDir: join(disks.nats.path, 'store'), jetstream: 'max_file_store: 4GB' },
    maxBytes: 512 * 1024 * 1024,
  });
});
afterAll(async () => {
  await rig?.close();
  for (const disk of Object.values(disks ?? {})) await disk.close();
});

test('a full disk under PostgreSQL: nothing acknowledged is lost, and once there is room it goes on', async () => {
  // Where it has given up, whoever supervises it starts it again.
  const recover = async () => {
    if (!(await postgresAnswers(rig.postgres.url))) await rig.postgres.restart();
  };
  const full = diskFault('the disk of PostgreSQL full', disks.postgres, recover);
  const inject = async () => {
    await full.inject();
    expect(await hasNoRoom(rig.postgres.url)).toBe(true);
  };
  await rig.endure({ ...full, inject }, 3000);
  expect(await disks.postgres.freeBytes()).toBeGreaterThan(0);
});

test('a full disk under NATS: commands go on meanwhile, and once there is room the stream is whole', async () => {
  // nats-server 2.9.10 stands still for good once a write has found no room, and has to be started again.
  const recover = async () => {
    if (!(await natsAnswers(rig.nats.url))) await rig.nats.restart();
  };
  const { okWhileBroken } = await rig.endure(diskFault('the disk of NATS full', disks.nats, recover), 3000);
  expect(okWhileBroken).toBeGreaterThan(0);
  expect(await disks.nats.freeBytes()).toBeGreaterThan(0);
});
