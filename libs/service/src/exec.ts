/** The one way to run a program: execFile with arguments, never a shell. */
export declare class ExecError extends Error {
  readonly command: string;
  readonly args: readonly string[];
  /** Null where it was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
/** Resolves to stdout, or throws ExecError. Output bounded to 64 MiB, time to `timeoutMs` (default 30 s; then SIGKILL). */
export declare function exec(
  command: string,
  args: readonly string[],
  options?: { input?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv },
): Promise<{ stdout: string; stderr: string }>;
