/** ulogd (Debian: ulogd2, ulogd2-json), which reads a netlink group and writes each packet's headers as a line of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { NodeCommands } from '../sandbox/commands.ts';

const startMs = 20_000;
const endMs = 5000;
const lookMs = 20;
const mostSaid = 4000;
const groups = 'net/netfilter/nfnetlink_log';

/** `unbind=0`: groups of others in this network namespace stay as they are. Errors and worse are said. */
const configOf = (group: number, fifo: string) => `[global]
logfile="stdout"
loglevel=7
stack=log:NFLOG,base:BASE,ip:IP2STR,out:JSON
[log]
group=${group}
unbind=0
netlink_qthreshold=1
[out]
file="${fifo}"
sync=1
`;

/** The process that reads the group, out of the kernel's table of them: `<group> <process> …`. */
export function readerOf(group: number, table: string): number | null {
  const row = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([number]) => Number(number) === group);
  return row?.[1] === undefined ? null : Number(row[1]);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
const pause = () => new Promise((resolve) => setTimeout(resolve, lookMs));

export interface Ulogd {
  /** Null while it runs; else how it ended. */
  ended(): string | null;
  end(): Promise<void>;
}

/** Of an agent that was killed at the worst moment: one with our configuration still has the group. */
async function endLeftover(commands: NodeCommands, group: number, config: string): Promise<void> {
  const deadline = Date.now() + endMs;
  for (;;) {
    const { stdout } = await commands.run('cat', [`/proc/${groups}`]);
    const pid = readerOf(group, stdout);
    if (pid === null || !textOf(`/proc/${pid}/cmdline`).split('\0').includes(config)) return;
    if (Date.now() > deadline) throw new Error("a ulogd of an earlier agent doesn't end");
    process.kill(pid, 'SIGKILL');
    await pause();
  }
}

/** Resolves once it reads the group. It writes to `fifo`, and ends when this process does, however that ends. */
export async function startUlogd(options: {
  commands: NodeCommands;
  netns: string | null;
  group: number;
  config: string;
  fifo: string;
}): Promise<Ulogd> {
  const { commands, netns, group, config, fifo } = options;
  if (/["\n]/.test(fifo)) throw new Error(`the state folder's name can't stand in a configuration of ulogd: ${fifo}`);
  await writeFile(config, configOf(group, fifo), { mode: 0o600 });
  await endLeftover(commands, group, config);
  const inside = netns === null ? [] : ['nsenter', `--net=${netns}`, '--'];
  const [command = '', ...args] = [...inside, 'setpriv', '--pdeathsig', 'KILL', 'ulogd', '-c', config];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } });
  const { ended, said } = watched(child);
  const deadline = Date.now() + startMs;
  for (;;) {
    const how = ended();
    if (how !== null) throw new Error(`ulogd ended at once (${how}): ${said()}`);
    if (readerOf(group, textOf(`/proc/${child.pid}/${groups}`)) === child.pid) break;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`ulogd doesn't read its netlink group ${group}: ${said()}`);
    }
    await pause();
  }
  return {
    ended: () => (ended() === null ? null : `${ended()}: ${said()}`),
    async end() {
      if (ended() !== null) return;
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function watched(child: ChildProcess): { ended(): string | null; said(): string } {
  let how: string | null = null;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-mostSaid);
    });
  }
  child.once('error', (error) => {
    how = error.message;
  });
  child.once('exit', (code, signal) => {
    how ??= signal ?? `exit code ${code}`;
  });
  return { ended: () => how, said: () => output.trim() || 'it said nothing' };
}
