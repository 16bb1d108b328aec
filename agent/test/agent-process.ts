/** The real agent program, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { exec } from '@atoll/service/exec';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const cleanup = fileURLToPath(new URL('../src/cleanup.ts', import.meta.url));

export class AgentProcess {
  readonly env: NodeJS.ProcessEnv;
  /** Everything it logged, over all its lives. */
  readonly lines: string[] = [];
  #child: ChildProcess | undefined;

  constructor(env: Record<string, string>) {
    this.env = { PATH: process.env.PATH, ATOLL_HEALTH_PORT: '0', ATOLL_LOG_LEVEL: 'debug', ...env };
  }

  start(): void {
    this.#child = spawn(process.execPath, [main], { env: this.env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.lines.push(...chunk.toString().split('\n').filter(Boolean)));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the process is gone, however that came: to its exit code. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const gone = once(child, 'exit');
    child.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  }
  kill = () => this.#end('SIGKILL');
  stop = () => this.#end('SIGTERM');

  readyz(): Promise<Response> {
    const port = this.lines
      .map((line) => /"healthPort":(\d+)/.exec(line)?.[1])
      .findLast((found) => found !== undefined);
    return fetch(`http://127.0.0.1:${port}/readyz`);
  }

  /** The clean-up program, to its end. */
  async cleanUp(): Promise<string> {
    const { stdout } = await exec(process.execPath, [cleanup], { env: this.env, timeoutMs: 60_000 });
    return stdout;
  }
}
