/** Pushes an image by the registry HTTP API v2: https://distribution.github.io/distribution/spec/api/. */
import { type Blob, type Image, manifestType } from './oci.ts';

const TIMEOUT_MS = 30_000;

/** Returns how a deployment names it: `registry/repository@sha256:…`. What is there already isn't sent again. */
export async function pushImage(registry: string, repository: string, image: Image): Promise<string> {
  const base = `http://${registry}/v2/${repository}`;
  await Promise.all([pushBlob(base, image.layer), pushBlob(base, image.config)]);
  await expectOk(
    await fetch(`${base}/manifests/${image.manifest.digest}`, {
      method: 'PUT',
      headers: { 'content-type': manifestType },
      body: new Uint8Array(image.manifest.bytes),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }),
  );
  return `${registry}/${repository}@${image.manifest.digest}`;
}

async function pushBlob(base: string, blob: Blob): Promise<void> {
  const there = await fetch(`${base}/blobs/${blob.digest}`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (there.ok) return;
  const upload = await expectOk(
    await fetch(`${base}/blobs/uploads/`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) }),
  );
  const location = upload.headers.get('location');
  if (location === null) throw new Error(`${base}: the registry didn't say where to upload to`);
  const target = new URL(location, base);
  target.searchParams.set('digest', blob.digest);
  await expectOk(
    await fetch(target, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(blob.bytes),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }),
  );
}

async function expectOk(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${(await response.text()).slice(0, 500)}`);
}
