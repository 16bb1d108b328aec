/** Asks a registry whether it has an image. The only I/O at the write door beside our own database. */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Logger } from '@atoll/service/log';
import { type ImageReference, parseImage } from './domain/image.ts';

const TIMEOUT_MS = 3000;
/** Single images and indexes, by the names of OCI and of Docker. */
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export interface ImageDoor {
  readonly registries: readonly string[];
  readonly log: Logger;
}

/** Null where the image is well-formed, from a registry that is allowed, and there. */
async function checkImage(door: ImageDoor, text: string): Promise<Rejection | null> {
  const image = parseImage(text, door.registries);
  return 'code' in image ? image : lookUp(door, image);
}

/** The first that isn't; all are asked at once. */
export async function checkImages(door: ImageDoor, texts: readonly string[]): Promise<Rejection | null> {
  const found = await Promise.all(texts.map((text) => checkImage(door, text)));
  return found.find((one) => one !== null) ?? null;
}

interface Asked {
  readonly image?: string | undefined;
  readonly others?: readonly { readonly image: string }[] | undefined;
}

/** Of all processes that are asked for, with the field of the first that is at fault. */
export async function checkSpec(door: ImageDoor, { image, others = [] }: Asked): Promise<Rejection | null> {
  const fields = [
    ...(image === undefined ? [] : [{ text: image, field: 'spec.image' }]),
    ...others.map((one, index) => ({ text: one.image, field: `spec.others.${index}.image` })),
  ];
  const found = await Promise.all(fields.map(({ text }) => checkImage(door, text)));
  const at = found.findIndex((one) => one !== null);
  const refusal = found[at];
  return refusal ? { ...refusal, field: fields[at]?.field ?? 'spec.image' } : null;
}

async function lookUp({ log }: ImageDoor, image: ImageReference): Promise<Rejection | null> {
  const { registry, repository, digest } = image;
  const url = `${isLoopback(registry) ? 'http' : 'https'}://${registry}/v2/${repository}/manifests/${digest}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'HEAD',
      headers: { accept: ACCEPT },
      // Where a registry sends us on to isn't on the list of registries.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    log.warn({ err: error, registry }, 'a registry does not answer');
    return unavailable(registry, `doesn't answer within ${TIMEOUT_MS / 1000} s`);
  }
  if (response.status === 200) return mismatch(response.headers.get('docker-content-digest'), image);
  if (response.status === 404) return notFound(`${registry} has no ${repository}@${digest}. Push it first.`);
  if (response.status === 401 || response.status === 403) {
    return notFound(`${registry} doesn't show ${repository} to this platform (HTTP ${response.status}).`);
  }
  log.warn({ status: response.status, registry }, 'a registry answers with something else');
  return unavailable(registry, `answers with HTTP ${response.status}`);
}

const mismatch = (told: string | null, { registry, repository, digest }: ImageReference) =>
  told === null || told === digest
    ? null
    : notFound(`${registry} has ${told} under the digest ${digest} of ${repository}.`);

const notFound = (message: string) => reject('IMAGE_NOT_FOUND', message, 'image');

const unavailable = (registry: string, what: string) =>
  reject('UNAVAILABLE', `The registry ${registry} ${what}, so the image can't be checked. Try again later.`, 'image');

const isLoopback = (registry: string) => /^(localhost|127(\.[0-9]{1,3}){3})(:|$)/.test(registry);
