/** Pulls an image by its digest. */
import { imagePattern } from '@atoll/schema/deploy/spec';
import { createLane, type Lane } from '../../lanes.ts';
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

export interface Images {
  /** Pulls it where it isn't there. Several instances of one release may want it at the same moment: it is pulled once. */
  ensure(image: string): Promise<void>;
}

/** A registry that is slow holds up its own images only. */
const pullsPerRegistry = 3;

export function createImages(docker: DockerClient): Images {
  const underWay = new Map<string, Promise<void>>();
  const lanes = new Map<string, Lane>();

  async function isPresent(reference: string): Promise<boolean> {
    try {
      await call('look for an image', 10_000, () => docker.getImage(reference).inspect());
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  async function ensure(reference: string): Promise<void> {
    if (await isPresent(reference)) return;
    const registry = reference.split('/', 1)[0] ?? '';
    const lane = lanes.get(registry) ?? createLane(pullsPerRegistry);
    lanes.set(registry, lane);
    await lane(() => pull(docker, reference));
  }

  return {
    ensure(image) {
      const reference = pinned(image);
      const present = underWay.get(reference);
      if (present) return present;
      const work = ensure(reference).finally(() => underWay.delete(reference));
      underWay.set(reference, work);
      return work;
    },
  };
}

async function pull(docker: DockerClient, reference: string): Promise<void> {
  const began = Date.now();
  try {
    await call('pull an image', pullMs, (abortSignal) => follow(docker, reference, abortSignal));
  } catch (error) {
    // Docker waits for the registry: that this takes too long is the image's fault.
    if (Date.now() - began < pullMs) throw error;
    throw new DockerRefused(504, `no whole image came in ${pullMs / 60_000} minutes`, { cause: error });
  }
}

async function follow(docker: DockerClient, reference: string, abortSignal: AbortSignal): Promise<void> {
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
