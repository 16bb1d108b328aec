/** A small HTTP server as an image: busybox's httpd on port 8080, with a page that says its version. */
import { readBusybox } from './busybox.ts';
import { buildImage, type Image } from './oci.ts';

export const HTTP_PORT = 8080;

/**
 * The shell is process 1 and ends at SIGTERM: httpd itself has no handler for it, and a first process without one isn't
 * ended by it but killed after its grace period.
 */
const entrypoint = [
  '/bin/busybox',
  'sh',
  '-c',
  `trap 'exit 0' TERM; /bin/busybox httpd -f -p ${HTTP_PORT} -h /www & wait`,
];

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export async function httpImage(options: { readonly version: string; readonly runs: boolean }): Promise<Image> {
  // A simulated node runs nothing: any bytes do, also on machines that have no busybox.
  const program = options.runs ? await readBusybox() : Buffer.from('simulated\n');
  return await buildImage({
    files: [
      { path: 'bin/busybox', mode: 0o755, content: program },
      { path: 'www/index.html', mode: 0o644, content: Buffer.from(`${options.version}\n`) },
    ],
    entrypoint,
    architecture: architectures[process.arch] ?? process.arch,
  });
}
