/**
 * Ties a child to its parent's life: the kernel sends the child a signal when the parent is gone, also after kill -9.
 *
 * Linux only (util-linux' `setpriv`); elsewhere the command is run as it is, and leftovers are found by their pidfile.
 */
import { spawnSync } from 'node:child_process';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Flags of setpriv that take on the account, without further groups. */
export const identityFlags = ({ uid, gid }: Account): readonly string[] => [
  ...['--reuid', String(uid), '--regid', String(gid), '--clear-groups'],
];

let available: boolean | undefined;

function setprivWorks(): boolean {
  available ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { timeout: 5000 }).status === 0;
  return available;
}

/** `signal` is a name without SIG, e.g. `KILL`. With `account`, the program runs as that user. */
export function boundToParent(program: Command, signal: 'KILL' | 'TERM' | 'INT', account?: Account): Command {
  if (!setprivWorks()) return program;
  const identity = account ? identityFlags(account) : [];
  return { command: 'setpriv', args: [...identity, '--pdeathsig', signal, program.command, ...program.args] };
}
