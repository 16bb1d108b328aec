/** A PostgreSQL cluster of our own: its folder, and the command that runs its server. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from '../process/bound.ts';
import { chooseRunner, type Runner } from './account.ts';
import { type Programs, postgresPrograms } from './binaries.ts';

const execute = promisify(execFile);
const initTimeoutMs = 120_000;

export interface Cluster {
  /** The server's command line; `env` is added to its environment. It stops fast (SIGINT) when this process dies. */
  server(port: number, settings: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Command;
}

async function own({ account }: Runner, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

/** A half-made cluster of a killed start is thrown away: `data` appears by one rename. */
async function create(folder: string, programs: Programs, runner: Runner, password: string): Promise<void> {
  const making = join(folder, `making-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${making}.password`;
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    await own(runner, passwordFile);
    const { command, args } = runner.run(
      {
        command: runner.sees(programs.initdb),
        args: [
          `--pgdata=${runner.sees(making)}`,
          '--username=postgres',
          `--pwfile=${runner.sees(passwordFile)}`,
          '--auth=scram-sha-256',
          '--encoding=UTF8',
          '--locale-provider=builtin',
          '--locale=C.UTF-8',
          '--no-instructions',
        ],
      },
      'KILL',
    );
    await execute(command, [...args], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C' },
      timeout: initTimeoutMs,
    });
    await rename(making, join(folder, 'data'));
  } finally {
    await rm(passwordFile, { force: true });
    await rm(making, { recursive: true, force: true });
  }
}

/**
 * Opens the cluster in `folder`/data, made by initdb where it isn't there yet (superuser `postgres` with `password`,
 * SCRAM on TCP, no sockets).
 */
export async function openCluster(folder: string, password: string): Promise<Cluster> {
  const programs = await postgresPrograms();
  await mkdir(folder, { recursive: true });
  // The programs find their libraries and files beside their own folder.
  const runner = chooseRunner(dirname(dirname(programs.postgres)), folder);
  await own(runner, folder);
  const dataDir = join(folder, 'data');
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    await rm(dataDir, { recursive: true, force: true });
    await create(folder, programs, runner, password);
  }
  return {
    server(port, settings, env = {}) {
      const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings };
      const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const args = ['-D', runner.sees(dataDir), ...flags];
      const postgres = runner.sees(programs.postgres);
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const program =
        variables.length === 0
          ? { command: postgres, args }
          : { command: 'env', args: [...variables, postgres, ...args] };
      return runner.run(program, 'INT');
    },
  };
}
