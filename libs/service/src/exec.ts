/** The one way to run a program: execFile with arguments, never a shell. */
import { execFile } from 'node:child_process';

const maxBuffer = 64 * 1024 * 1024;

export class ExecError extends Error {
  override readonly name = 'ExecError';
  readonly command: string;
  readonly args: readonly string[];
  /** Null where it was killed, or couldn't be started. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    reason: string,
    details: { command: string; args: readonly string[]; exitCode: number | null; stdout: string; stderr: string },
    options?: ErrorOptions,
  ) {
    const said = details.stderr.trim().slice(0, 2000);
    const called = `${details.command} ${details.args.join(' ')}`.slice(0, 500);
    super(`${called}: ${reason}${said ? `: ${said}` : ''}`, options);
    this.command = details.command;
    this.args = details.args;
    this.exitCode = details.exitCode;
    this.stdout = details.stdout;
    this.stderr = details.stderr;
  }
}

/** Resolves to its output, or throws ExecError. Output bounded to 64 MiB, time to `timeoutMs` (default 30 s; then SIGKILL). */
export function exec(
  command: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<{ stdout: string; stderr: string }> {
  const timeout = options.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      [...args],
      { encoding: 'utf8', maxBuffer, timeout, killSignal: 'SIGKILL', env: options.env ?? process.env },
      (error, stdout, stderr) => {
        if (!error) {
          resolve({ stdout, stderr });
          return;
        }
        const exitCode = typeof error.code === 'number' ? error.code : null;
        const reason =
          exitCode !== null
            ? `exit code ${exitCode}`
            : error.killed
              ? `killed (over ${timeout} ms or over 64 MiB of output)`
              : error.signal
                ? `killed by ${error.signal}`
                : error.message;
        reject(new ExecError(reason, { command, args, exitCode, stdout, stderr }, { cause: error }));
      },
    );
    // A program that ends without reading its input closes the pipe; its exit code tells the rest.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}
