/** Pulls an image by its digest. */
import { imagePattern } from '@atoll/schema/deploy/spec';
import { call, type DockerClient, DockerRefused, isStatus } from './client.ts';

const pullMs = 15 * 60_000;

interface PullProgress {
  readonly error?: string;
}

/** The tag before a digest says nothing about what is run, and Docker refuses the two together. */
export function pinned(image: string): string {
  const { registry, repository, digest } = imagePattern.exec(image)?.groups ?? {};
  if (!registry || !repository || !digest) throw new DockerRefused(400, `${image} isn't an image by digest`);
  return `${registry}/${repository}@${digest}`;
}

export async function pullImage(docker: DockerClient, image: string): Promise<void> {
  const reference = pinned(image);
  try {
    await call('look for an image', 10_000, () => docker.getImage(reference).inspect());
    return;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  const began = Date.now();
  try {
    await call('pull an image', pullMs, (abortSignal) => pull(docker, reference, abortSignal));
  } catch (error) {
    // Docker waits for the registry: that this takes too long is the image's fault.
    if (Date.now() - began < pullMs) throw error;
    throw new DockerRefused(504, `no whole image came in ${pullMs / 60_000} minutes`, { cause: error });
  }
}

async function pull(docker: DockerClient, reference: string, abortSignal: AbortSignal): Promise<void> {
  const stream = await docker.pull(reference, { abortSignal });
  await new Promise<void>((resolve, reject) => {
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true });
    docker.modem.followProgress(stream, (error: Error | null, progress: PullProgress[] | null) => {
      const failed = progress?.find((step) => step.error !== undefined)?.error;
      if (failed !== undefined) reject(new DockerRefused(500, failed));
      else if (error) reject(error);
      else resolve();
    });
  });
}
