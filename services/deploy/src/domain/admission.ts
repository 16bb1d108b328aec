/** Whether an environment takes an image. Pure: what has run where is looked up beforehand. */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { KnownEnvironment } from './environment.ts';

/** What an environment's rules say, and which images count as promoted to it. */
export interface Admission {
  readonly environment: KnownEnvironment;
  /** Digests that have run in an environment that promotes to it. */
  readonly promoted: ReadonlySet<string>;
}

/** Compared part by part: `*` is any one part, `**` at the end one or more. */
export function matches(pattern: string, repository: string): boolean {
  const wanted = pattern.split('/');
  const parts = repository.split('/');
  const open = wanted.at(-1) === '**';
  if (open ? parts.length < wanted.length : parts.length !== wanted.length) return false;
  return wanted.every((part, index) => {
    if (open && index === wanted.length - 1) return true;
    return part === parts[index] || (part === '*' && index > 0);
  });
}

/** `registry/repository` and the digest. */
export function imageParts(image: string): { readonly repository: string; readonly digest: string } {
  const at = image.indexOf('@');
  return { repository: image.slice(0, at), digest: image.slice(at + 1) };
}

export function refusedImage(image: string, { environment, promoted }: Admission): Rejection | null {
  return refusedRepository(image, environment) ?? refusedPromotion(image, environment, promoted);
}

/** Alone where it was taken before: for a rollback. */
export function refusedRepository(image: string, { rules }: KnownEnvironment): Rejection | null {
  const { repository } = imageParts(image);
  const { allowed } = rules;
  if (allowed === null || allowed.some((pattern) => matches(pattern, repository))) return null;
  const patterns = allowed.length === 0 ? 'none are' : `those that match are: ${allowed.join(', ')}`;
  return reject(
    'REPOSITORY_NOT_ALLOWED',
    `The environment takes no image from ${repository}; ${patterns}. Use another image, or have its image rules changed.`,
    'image',
  );
}

function refusedPromotion(
  image: string,
  { rules, sources }: KnownEnvironment,
  promoted: ReadonlySet<string>,
): Rejection | null {
  const { digest } = imageParts(image);
  if (!rules.promotedOnly || promoted.has(digest)) return null;
  const way =
    sources.length === 0
      ? 'No environment promotes to this one: give it a place in the order of promotion first.'
      : `Deploy it in ${sources.join(' or ')} first, and wait until its rollout is complete.`;
  return reject(
    'IMAGE_NOT_PROMOTED',
    `The environment takes only images that have run in one that promotes to it, and ${digest} has not. ${way}`,
    'image',
  );
}
