/** An image reference as a person types it, taken apart or told what is wrong with it. */
import { imagePattern } from '@atoll/schema/deploy/spec';
import { type Rejection, reject } from '@atoll/schema/errors';

export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

const EXAMPLE = 'registry.example:5000/team/app@sha256:… (64 hex digits)';

/** What is an image to everyone else: a name, perhaps with a registry before it and a tag behind it. */
const withoutDigest =
  /^(?:[a-z0-9.-]+(?::[0-9]{1,5})?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/;

export function parseImage(text: string, registries: readonly string[]): ImageReference | Rejection {
  if (text.length > 512) return malformed('is longer than 512 characters');
  if (!text.includes('@') && withoutDigest.test(text)) {
    return reject(
      'IMAGE_DIGEST_REQUIRED',
      `The image is named without its digest, so that it could change unseen. Give it as ${EXAMPLE}.`,
      'image',
    );
  }
  const groups = imagePattern.exec(text)?.groups;
  const { registry, repository, digest } = groups ?? {};
  if (registry === undefined || repository === undefined || digest === undefined) return malformed('is none');
  if (!registries.includes(registry)) {
    const allowed = registries.length === 0 ? 'none is allowed yet' : `allowed are: ${registries.join(', ')}`;
    return reject('REGISTRY_NOT_ALLOWED', `Images from ${registry} aren't allowed here; ${allowed}.`, 'image');
  }
  return { registry, repository, digest };
}

const malformed = (what: string) =>
  reject('IMAGE_MALFORMED', `The text given as image ${what}. An image reads ${EXAMPLE}.`, 'image');
