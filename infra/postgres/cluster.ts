/** A PostgreSQL cluster of our own: its folder, and the command that runs its server. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from '../process/bound.ts';
import { asDecided, type RunAs, runAs } from './account.ts';
import { postgresPrograms } from './binaries.ts';

const run = promisify(execFile);

export interface Cluster {
  readonly dataDir: string;
  /** The server's command line. It stops fast (SIGINT) when this process dies. */
  server(port: number, settings: Readonly<Record<string, string>>): Command;
}

async function own(decided: RunAs, path: string): Promise<void> {
  if (decided.kind === 'user') await chown(path, decided.account.uid, decided.account.gid);
}

/**
 * Opens the cluster in `folder`/data, made by initdb where it isn't there yet (superuser `postgres` with `password`,
 * SCRAM on TCP, no sockets). A half-made cluster of a killed start is made anew: `data` appears by one rename.
 */
export async function openCluster(folder: string, password: string): Promise<Cluster> {
  const programs = await postgresPrograms();
  await mkdir(folder, { recursive: true });
  const decided = runAs(programs.postgres, folder);
  await own(decided, folder);
  const dataDir = join(folder, 'data');

  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    await rm(dataDir, { recursive: true, force: true });
    const making = join(folder, `making-${randomBytes(4).toString('hex')}`);
    const passwordFile = `${making}.password`;
    try {
      await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
      await own(decided, passwordFile);
      const initdb = asDecided(
        decided,
        {
          command: programs.initdb,
          args: [
            `--pgdata=${making}`,
            '--username=postgres',
            `--pwfile=${passwordFile}`,
            '--auth=scram-sha-256',
            '--encoding=UTF8',
            '--locale-provider=builtin',
            '--locale=C.UTF-8',
            '--no-instructions',
          ],
        },
        'KILL',
      );
      await run(initdb.command, [...initdb.args], {
        cwd: folder,
        env: { ...process.env, LC_ALL: 'C' },
        timeout: 120_000,
      });
      await rename(making, dataDir);
    } finally {
      await rm(passwordFile, { force: true });
      await rm(making, { recursive: true, force: true });
    }
  }

  return {
    dataDir,
    server(port, settings) {
      const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings };
      const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      return asDecided(decided, { command: programs.postgres, args: ['-D', dataDir, ...flags] }, 'INT');
    },
  };
}
