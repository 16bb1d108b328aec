/** An OCI image in memory: https://github.com/opencontainers/image-spec. Equal files give equal bytes and digests. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

export interface ImageFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

export interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface Image {
  readonly layer: Blob;
  readonly config: Blob;
  readonly manifest: Blob;
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
/** Not compressed: compressed bytes depend on the compressor's version. */
const layerType = 'application/vnd.oci.image.layer.v1.tar';
const EPOCH = new Date(0);

const blobOf = (bytes: Buffer): Blob => ({
  digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  bytes,
});
const jsonBlob = (value: unknown) => blobOf(Buffer.from(JSON.stringify(value)));

export async function buildImage(options: {
  readonly files: readonly ImageFile[];
  readonly entrypoint: readonly string[];
  readonly architecture: string;
}): Promise<Image> {
  const layer = blobOf(await tarOf(options.files));
  const config = jsonBlob({
    architecture: options.architecture,
    os: 'linux',
    created: EPOCH.toISOString(),
    config: { Entrypoint: options.entrypoint, WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, digest: config.digest, size: config.bytes.length },
    layers: [{ mediaType: layerType, digest: layer.digest, size: layer.bytes.length }],
  });
  return { layer, config, manifest };
}

async function tarOf(files: readonly ImageFile[]): Promise<Buffer> {
  const tar = pack();
  const folders = new Set<string>();
  for (const { path, mode, content } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      if (folders.has(folder)) continue;
      folders.add(folder);
      tar.entry({ name: `${folder}/`, type: 'directory', mode: 0o755, mtime: EPOCH });
    }
    tar.entry({ name: path, mode, mtime: EPOCH, size: content.length }, content);
  }
  tar.finalize();
  return await buffer(tar);
}
