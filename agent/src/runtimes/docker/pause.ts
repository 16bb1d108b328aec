/** The sandbox's image: nothing but a program that waits, made here from the system's busybox. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { exec } from '@atoll/service/exec';
import { call, type DockerClient, DockerRefused, isStatus } from './client.ts';

const busybox = '/bin/busybox';
export const pauseCommand = [busybox, 'sleep', '2147483647'];

/** Where the sandbox of a fenced pod sees the node's lease. */
export const leaseMount = '/lease';
/**
 * Waits as long as the lease holds, by the machine's uptime. It is the first process of the pod's process namespace: when it
 * ends, the kernel ends all others in there, whoever else is dead or hangs. So it does where it can't read the lease.
 */
const fence = `while read -r until < ${leaseMount}/until && read -r now _ < /proc/uptime && [ "\${now%.*}" -lt "$until" ]; do ${busybox} sleep 0.3; done`;
export const fenceCommand = [busybox, 'sh', '-c', fence];

/** Resolves to the image's reference; makes it where it isn't there. */
export async function ensurePauseImage(docker: DockerClient, stateDir: string): Promise<string> {
  const program = await readFile(busybox).catch((error: unknown) => {
    throw new Error(`${busybox} is needed for pod sandboxes: install the package busybox-static`, { cause: error });
  });
  const tag = createHash('sha256').update(program).digest('hex').slice(0, 16);
  const reference = `atoll-pause:${tag}`;
  const image = docker.getImage(reference);
  try {
    await call('look for the pause image', 10_000, () => image.inspect());
    return reference;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  await mkdir(stateDir, { recursive: true });
  const archive = join(stateDir, `pause-${process.pid}.tar`);
  try {
    const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
    await exec('tar', ['-c', '-f', archive, ...owner, '-C', '/', busybox.slice(1)]);
    await call('make the pause image', 60_000, async (abortSignal) => {
      const answer = await text(await docker.importImage(archive, { repo: 'atoll-pause', tag, abortSignal }));
      if (answer.includes('"error"')) throw new DockerRefused(500, answer.slice(0, 500));
    });
  } finally {
    await rm(archive, { force: true });
  }
  return reference;
}
