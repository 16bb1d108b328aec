/** What a bed's servers and processes stand on: the machine's disks and clock, or such as can be filled and set. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeClock, openClock } from '../clock.ts';
import { mountSmallDisk, type SmallDisk } from '../disk.ts';
import { type NatsHandle, type ServerHandle, startNats, startPostgres } from '../servers.ts';

/** `rivals`: every process leads. `clocks`: of PostgreSQL and of each process, under libfaketime. `disks`: small ones under PostgreSQL and NATS; needs root. */
export type GroundKind = 'plain' | 'rivals' | 'clocks' | 'disks';

export interface Ground {
  readonly kind: GroundKind;
  readonly postgres: ServerHandle;
  readonly nats: NatsHandle;
  /** Those of the processes are two, in turns. */
  readonly clocks: { readonly server: FakeClock; readonly processes: readonly [FakeClock, FakeClock] } | null;
  readonly disks: { readonly postgres: SmallDisk; readonly nats: SmallDisk } | null;
  /** PostgreSQL goes on where it is shared. */
  close(): Promise<void>;
}

const POSTGRES_DISK_MB = 240;
const NATS_DISK_MB = 48;

async function onClocks(): Promise<Ground> {
  const clocks = { server: openClock(), processes: [openClock(), openClock()] as const };
  const [postgres, nats] = await Promise.all([startPostgres({ env: clocks.server.env }), startNats()]);
  return {
    kind: 'clocks',
    postgres,
    nats,
    clocks,
    disks: null,
    async close() {
      await Promise.all([postgres.stop(), nats.stop()]);
      for (const clock of [clocks.server, ...clocks.processes]) clock.close();
    },
  };
}

async function onDisks(): Promise<Ground> {
  const disks = { postgres: await mountSmallDisk(POSTGRES_DISK_MB), nats: await mountSmallDisk(NATS_DISK_MB) };
  const folder = join(disks.postgres.path, 'cluster');
  mkdirSync(folder);
  const settings = { min_wal_size: '32MB', max_wal_size: '48MB', shared_buffers: '16MB' };
  const [postgres, nats] = await Promise.all([
    startPostgres({ folder, settings }),
    // More than the disk has: the server is to find out by writing.
    startNats({ storeDir: join(disks.nats.path, 'store'), jetstream: 'max_file_store: 4GB' }),
  ]);
  return {
    kind: 'disks',
    postgres,
    nats,
    clocks: null,
    disks,
    async close() {
      await Promise.all([postgres.stop(), nats.stop()]);
      for (const disk of [disks.postgres, disks.nats]) await disk.close();
    },
  };
}

/** `shared`: the PostgreSQL of all beds on plain ground. */
export async function openGround(kind: GroundKind, shared: ServerHandle): Promise<Ground> {
  if (kind === 'clocks') return onClocks();
  if (kind === 'disks') return onDisks();
  const nats = await startNats();
  return { kind, postgres: shared, nats, clocks: null, disks: null, close: () => nats.stop() };
}
