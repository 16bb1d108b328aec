/** Keeps a node's name server running, with the newest names. Level-triggered: each run looks whether it is there, and what it knows. */
import { spawn } from 'node:child_process';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { saveFile } from '../disk.ts';
import type { Upstream } from './forward.ts';
import { processes } from './pid.ts';
import { namesTableOf } from './table.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
/** To listen, on a busy machine. */
const startMs = 20_000;
const endMs = 5000;
const lookMs = 50;

export interface NameKeeper {
  /** The rules of the document are in force. */
  ensure(document: DesiredNetwork | null): Promise<void>;
  /** Why no name is answered; null while they are. */
  problem(): string | null;
  /** Ends the server. An agent that stops leaves it running. */
  clear(): Promise<void>;
}

/** Where nothing runs nobody asks. */
export const noNames: NameKeeper = { async ensure() {}, problem: () => null, async clear() {} };

export function keepNames(options: {
  stateDir: string;
  netns: string | null;
  port: number;
  upstream: Upstream | null;
  log: Logger;
}): NameKeeper {
  const { stateDir, netns, port, upstream, log } = options;
  const file = join(stateDir, 'names.json');
  const pid = join(stateDir, 'names.pid');
  let written: string | null = null;
  /** By this process: one of an older agent may be of an older version, and is replaced. */
  let started = false;
  /** None before there are names to answer: an agent that knows nothing yet keeps whatever runs. */
  let problem: string | null = null;

  async function start(): Promise<void> {
    const before = processes.read(pid);
    const asked = [program, stateDir, `${port}`, ...(upstream === null ? [] : [upstream.address, `${upstream.port}`])];
    const [command, args] =
      netns === null ? [process.execPath, asked] : ['nsenter', [`--net=${netns}`, '--', process.execPath, ...asked]];
    const child = spawn(command, args, { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH } });
    let ended = false;
    child.once('error', () => {
      ended = true;
    });
    child.once('exit', () => {
      ended = true;
    });
    child.unref();
    const deadline = Date.now() + startMs;
    for (;;) {
      const now = processes.read(pid);
      if (now !== null && now.pid !== before?.pid) break;
      if (ended || Date.now() > deadline) {
        problem = `the name server can't listen at port ${port} of its addresses`;
        throw new Error(problem);
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    started = true;
    problem = null;
    log.info({ port }, 'the name server answers');
  }

  return {
    async ensure(document) {
      if (document !== null) {
        const table = namesTableOf(document);
        const text = JSON.stringify(table);
        if (text !== written) await saveFile(file, table);
        else await utimes(file, new Date(), new Date());
        written = text;
      }
      if (written === null) return;
      if (!started || processes.read(pid) === null) await start();
    },
    problem: () => problem,
    async clear() {
      const running = processes.read(pid);
      if (running === null) return;
      processes.end(running);
      const deadline = Date.now() + endMs;
      while (processes.isAlive(running)) {
        if (Date.now() > deadline) throw new Error("the name server doesn't end");
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    },
  };
}
