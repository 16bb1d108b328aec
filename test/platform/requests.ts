/** Requests at a steady rate out of an instance, as its own process would send them. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { containersOf, pidOfContainer, variableOf } from './host.ts';
import type { Platform } from './platform.ts';

const program = fileURLToPath(new URL('requests-client.ts', import.meta.url));

export interface Requests {
  /** Ends them, and says what came of all. */
  stop(): Promise<{ readonly sent: number; readonly failures: readonly string[] }>;
}

export async function startRequests(
  platform: Platform,
  options: { readonly from: string; readonly url: string; readonly perSecond: number },
): Promise<Requests> {
  const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET') ?? '';
  const sandbox = (await containersOf(socket)).find(
    ({ instanceId, kind }) => instanceId === options.from && kind === 'sandbox',
  );
  if (sandbox === undefined) throw new Error(`no sandbox of ${options.from}`);
  const netns = `/proc/${await pidOfContainer(socket, sandbox.id)}/ns/net`;
  const { url, perSecond } = options;
  const child = spawn('nsenter', [`--net=${netns}`, '--', process.execPath, program, url, String(perSecond)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
