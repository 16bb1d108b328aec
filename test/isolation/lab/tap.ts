/** Frames of one interface of a network namespace, sent and seen as they are (tap.pl). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./tap.pl', import.meta.url));
const patienceMs = 60_000;

export class Tap {
  readonly #child: ChildProcess;
  readonly #synced = new Map<number, () => void>();
  readonly #ready: Promise<void>;
  #syncs = 0;
  #seen: Buffer[] = [];
  /** Called with each frame that comes in, after it was noted. */
  onFrame: ((frame: Buffer) => void) | undefined;
  /** What the kernel said of frames that it didn't take. */
  readonly refused: string[] = [];

  constructor(netns: string, device = 'eth0') {
    const child = spawn('nsenter', [`--net=${netns}`, '--', 'perl', program, device], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    if (!child.stdout) throw new Error('its output is a pipe');
    // What is sent to one that has ended goes nowhere; that it has ended is told by who waits for it.
    child.stdin?.on('error', () => {});
    const lines = createInterface({ input: child.stdout });
    this.#ready = new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the tap of ${netns} has ended`)));
      lines.on('line', (line) => {
        if (line === 'ready') resolve();
        else this.#hear(line);
      });
    });
    this.#ready.catch(() => {});
  }

  #hear(line: string): void {
    const synced = /^synced (\d+)$/.exec(line)?.[1];
    if (synced !== undefined) {
      this.#synced.get(Number(synced))?.();
      this.#synced.delete(Number(synced));
    } else if (line.startsWith('refused ')) this.refused.push(line);
    else {
      const frame = Buffer.from(line, 'hex');
      this.#seen.push(frame);
      this.onFrame?.(frame);
    }
  }

  ready = (): Promise<void> => this.#ready;

  send(frames: readonly Buffer[]): void {
    if (frames.length > 0) this.#child.stdin?.write(frames.map((frame) => `${frame.toString('hex')}\n`).join(''));
  }

  /** More than a pipe holds has been told, and not yet taken: who goes on sending makes a queue of it. */
  get isBehind(): boolean {
    return this.#child.stdin?.writableNeedDrain ?? false;
  }

  /** Resolves once everything was sent that was told before, and everything was noted that had come in by then. */
  sync(): Promise<void> {
    const number = ++this.#syncs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`a tap doesn't answer within ${patienceMs} ms`)), patienceMs);
      this.#synced.set(number, () => {
        clearTimeout(timer);
        resolve();
      });
      this.#child.stdin?.write(`sync ${number}\n`);
    });
  }

  /** The frames that came in since the last call. */
  take(): readonly Buffer[] {
    return this.#seen.splice(0);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
