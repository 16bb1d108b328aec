/** A real docker-registry on a free port of loopback, with images pushed to it by HTTP. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boundToParent } from '@atoll/infra/process/bound';
import { freePort } from '@atoll/infra/process/ports';
import { stopChild } from '@atoll/infra/process/stopping';
import { until } from '@atoll/infra/process/waiting';
import { temporaryFolder } from '@atoll/infra/testing/folders';

export interface TestRegistry {
  /** `host:port`, as it stands in an image. */
  readonly host: string;
  /** Pushes a manifest; equal texts are equal images. Resolves to `host/repository@digest`. */
  push(repository: string, text: string): Promise<string>;
  /** Takes an image away. */
  remove(image: string): Promise<void>;
  stop(): Promise<void>;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

export async function startTestRegistry(): Promise<TestRegistry> {
  const folder = temporaryFolder('registry');
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(folder, 'data'))} }, delete: { enabled: true } }`,
      `http: { addr: ${host} }`,
    ].join('\n'),
  );
  const { command, args } = boundToParent({ command: 'docker-registry', args: ['serve', config] }, 'KILL');
  const child = spawn(command, [...args], { stdio: 'ignore' });
  const answers = async () => {
    try {
      return (await fetch(`http://${host}/v2/`)).ok;
    } catch {
      return false;
    }
  };
  if (!(await until(answers, { timeoutMs: 15_000 }))) throw new Error('docker-registry did not start');

  async function pushBlob(repository: string, text: string): Promise<void> {
    const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', `http://${host}`);
    place.searchParams.set('digest', sha256(text));
    const done = await fetch(place, {
      method: 'PUT',
      body: text,
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (done.status !== 201) throw new Error(`blob: HTTP ${done.status}`);
  }

  return {
    host,
    async push(repository, text) {
      const content = JSON.stringify({ made: text });
      await pushBlob(repository, content);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: sha256(content),
          size: content.length,
        },
        layers: [],
      });
      const digest = sha256(manifest);
      const done = await fetch(`http://${host}/v2/${repository}/manifests/${digest}`, {
        method: 'PUT',
        body: manifest,
        headers: { 'content-type': MANIFEST },
      });
      if (done.status !== 201) throw new Error(`manifest: HTTP ${done.status}`);
      return `${host}/${repository}@${digest}`;
    },
    async remove(image) {
      const [, repository, digest] = /^[^/]+\/(.+)@(.+)$/.exec(image) ?? [];
      const done = await fetch(`http://${host}/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
      if (done.status !== 202) throw new Error(`manifest: HTTP ${done.status}`);
    },
    async stop() {
      await stopChild(child, 'SIGKILL', 0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
