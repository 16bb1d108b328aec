/** Requests at a steady rate, out of an instance as its own process would send them, or from the machine. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { containersOf, pidOfContainer, variableOf } from './host.ts';
import type { Platform } from './platform.ts';

const program = fileURLToPath(new URL('requests-client.ts', import.meta.url));

export interface Requests {
  /** Ends them, and says what came of all. */
  stop(): Promise<{ readonly sent: number; readonly failures: readonly string[] }>;
}

interface Asked {
  readonly url: string;
  readonly perSecond: number;
}

export async function startRequests(
  platform: Platform,
  { from, ...asked }: Asked & { readonly from: string },
): Promise<Requests> {
  const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET') ?? '';
  const sandbox = (await containersOf(socket)).find(
    ({ instanceId, kind }) => instanceId === from && kind === 'sandbox',
  );
  if (sandbox === undefined) throw new Error(`no sandbox of ${from}`);
  const netns = `/proc/${await pidOfContainer(socket, sandbox.id)}/ns/net`;
  return run(['nsenter', `--net=${netns}`, '--', process.execPath], asked);
}

/** From the machine that the platform runs on, as a client of a public address. */
export const startRequestsOfMachine = (asked: Asked): Requests => run([process.execPath], asked);

function run([command = '', ...before]: readonly string[], { url, perSecond }: Asked): Requests {
  const child = spawn(command, [...before, program, url, String(perSecond)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    async stop() {
      child.kill('SIGTERM');
      await closed;
      return JSON.parse(output);
    },
  };
}
