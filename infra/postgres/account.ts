/**
 * PostgreSQL refuses to run as root. As root it runs as the system user `postgres`; where that user can't reach the files
 * (a clone under /root), in a mount namespace of its own, in which they stand in a place that it can reach.
 */
import { spawnSync } from 'node:child_process';
import { type Account, boundToParent, type Command, identityFlags } from '../process/bound.ts';

const ok = (command: string, args: readonly string[]) => spawnSync(command, args, { timeout: 10_000 }).status === 0;

function number(command: string, args: readonly string[]): number | null {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  return result.status === 0 ? Number.parseInt(result.stdout, 10) : null;
}

function findAccount(): Account | null {
  const uid = number('id', ['-u', 'postgres']);
  const gid = number('id', ['-g', 'postgres']);
  return uid === null || gid === null ? null : { uid, gid };
}

function postgresAccount(): Account | null {
  const found = findAccount();
  if (found) return found;
  // Another process may create it at the same moment: only whether it is there afterwards counts.
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
  return findAccount();
}

/** How PostgreSQL's programs are run, and how they see the paths that they are given. */
export interface Runner {
  /** Owner of its files; null: the user that we are. */
  readonly account: Account | null;
  /** A path beneath the folder of the programs, or of the data, as the program sees it. */
  sees(path: string): string;
  /** The command line for `program`, whose paths are as it sees them; it gets `signal` when this process dies. */
  run(program: Command, signal: 'KILL' | 'INT'): Command;
}

/** In the namespace, something that is there on every system and that nobody needs. */
const place = '/mnt';
/** Fixed text; paths and the program come as arguments. The namespace goes with the program. */
const enter = `set -e
mount -t tmpfs -o mode=711 tmpfs ${place}
mkdir ${place}/programs ${place}/cluster
mount --bind "$1" ${place}/programs
mount --bind "$2" ${place}/cluster
cd ${place}/cluster
shift 2
exec "$@"`;

function direct(account: Account | null): Runner {
  return {
    account,
    sees: (path) => path,
    run: (program, signal) => boundToParent(program, signal, account ?? undefined),
  };
}

function inNamespace(account: Account, programs: string, folder: string): Runner {
  return {
    account,
    sees: (path) => path.replace(programs, `${place}/programs`).replace(folder, `${place}/cluster`),
    run(program, signal) {
      const { command, args } = boundToParent(program, signal, account);
      return { command: 'unshare', args: ['--mount', 'sh', '-c', enter, 'sh', programs, folder, command, ...args] };
    },
  };
}

/** Decides how to run the programs beneath the folder `programs`, with data beneath `folder`, which exists. */
export function chooseRunner(programs: string, folder: string): Runner {
  if (process.getuid?.() !== 0) return direct(null);
  const account = postgresAccount();
  if (account) {
    const reaches = (path: string) => ok('setpriv', [...identityFlags(account), 'test', '-x', path]);
    if (reaches(programs) && reaches(folder)) return direct(account);
    if (ok('unshare', ['--mount', 'sh', '-c', enter, 'sh', programs, folder, 'true'])) {
      return inNamespace(account, programs, folder);
    }
  }
  throw new Error(
    `PostgreSQL can't run as root, and the user "postgres" ${account ? `can't reach ${programs}` : "can't be created"}. ` +
      'Move the checkout to a folder that everybody may enter (e.g. /srv), run as another user, or set ' +
      'ATOLL_DATABASE_URL to a PostgreSQL that runs already.',
  );
}
