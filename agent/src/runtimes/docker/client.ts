/** Calls to Docker Engine: each with a deadline, each error with a text for people. */
import Docker from 'dockerode';
import { RuntimeUnavailable } from '../runtime.ts';

export type DockerClient = Docker;

export const createClient = (socketPath: string): DockerClient => new Docker({ socketPath });

/** Docker gave an answer, and it is no. */
export class DockerRefused extends Error {
  override readonly name = 'DockerRefused';
  readonly status: number;
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
/** `work` gets the signal where Docker's client takes one; the deadline holds where it doesn't, too. */
export async function call<T>(
  what: string,
  timeoutMs: number,
  work: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      deadline.abort();
      reject(new Error('deadline'));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(deadline.signal), late]);
  } catch (error) {
    throw explained(what, timeoutMs, deadline.signal, error);
  } finally {
    clearTimeout(timer);
  }
}

function explained(what: string, timeoutMs: number, signal: AbortSignal, error: unknown): Error {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  if (!Number.isNaN(status)) return new DockerRefused(status, answerText(error), { cause: error });
  if (signal.aborted) {
    return new RuntimeUnavailable(`Docker didn't ${what} in ${timeoutMs / 1000} s`, { cause: error });
  }
  if (error instanceof DockerRefused) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new RuntimeUnavailable(`Docker isn't answering (${what}): ${text}`, { cause: error });
}

function answerText(error: unknown): string {
  const json = error instanceof Error && 'json' in error ? error.json : null;
  if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
    return json.message.trim();
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\)[^-]*- /, '').trim();
}

export const isStatus = (error: unknown, status: number) => error instanceof DockerRefused && error.status === status;
