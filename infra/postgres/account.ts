/**
 * PostgreSQL refuses to run as root. As root it runs as the system user `postgres`, or, where that user can't reach the
 * files (a clone under /root), in a user namespace in which the owner of the files isn't called root.
 */
import { spawnSync } from 'node:child_process';
import { type Account, boundToParent, type Command } from '../process/bound.ts';

export type RunAs =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly account: Account }
  | { readonly kind: 'namespace' };

const ok = (command: string, args: readonly string[]) => spawnSync(command, args, { timeout: 10_000 }).status === 0;

function number(command: string, args: readonly string[]): number | null {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  return result.status === 0 ? Number.parseInt(result.stdout, 10) : null;
}

function postgresAccount(): Account | null {
  const uid = number('id', ['-u', 'postgres']);
  const gid = number('id', ['-g', 'postgres']);
  return uid === null || gid === null ? null : { uid, gid };
}

/** Decides how to run `program` (PostgreSQL's own binary) with its data beneath `folder`, which exists. */
export function runAs(program: string, folder: string): RunAs {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  let account = postgresAccount();
  if (!account) {
    // Another process may create it at the same moment: only whether it is there afterwards counts.
    spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
    account = postgresAccount();
  }
  if (account) {
    const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
    const reaches =
      ok('setpriv', [...identity, 'test', '-x', program]) && ok('setpriv', [...identity, 'test', '-x', folder]);
    if (reaches) return { kind: 'user', account };
  }
  if (ok('unshare', [...namespaceFlags, 'test', '-x', program])) return { kind: 'namespace' };
  throw new Error(
    `PostgreSQL can't run as root, and the user "postgres" can't reach ${program}. Move the checkout to a folder that ` +
      'everybody may enter (e.g. /srv), run as another user, or set ATOLL_DATABASE_URL to a PostgreSQL that runs already.',
  );
}

const namespaceFlags = ['--user', '--map-user=1000', '--map-group=1000'];

/** The command line that runs `program` as decided; `signal` is what it gets when this process dies. */
export function asDecided(decided: RunAs, program: Command, signal: 'KILL' | 'INT'): Command {
  switch (decided.kind) {
    case 'self':
      return boundToParent(program, signal);
    case 'user':
      return boundToParent(program, signal, decided.account);
    case 'namespace': {
      // Entering a user namespace clears the signal: it is asked for inside.
      const inside = boundToParent(program, signal);
      return { command: 'unshare', args: [...namespaceFlags, inside.command, ...inside.args] };
    }
    default:
      return decided satisfies never;
  }
}
