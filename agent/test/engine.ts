/** A Docker Engine and a registry of the test's own: private sockets and folders, no bridge, no rules. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundToParent } from '@atoll/infra/process/bound';
import { freePort } from '@atoll/infra/process/ports';
import { stopChild } from '@atoll/infra/process/stopping';
import { exec } from '@atoll/service/exec';
import { until } from './lab.ts';

export interface Engine {
  readonly socket: string;
  readonly registry: string;
  docker(...args: readonly string[]): Promise<string>;
  /** Makes an image of busybox and these scripts (in /bin), pushes it, and resolves to its reference by digest. */
  image(name: string, scripts: Readonly<Record<string, string>>): Promise<string>;
  /** kill -9 of dockerd and what it started to manage containers; the containers may live on. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startEngine(): Promise<Engine> {
  // Short: a unix socket's path has at most 107 characters.
  const folder = await mkdtemp(join(tmpdir(), 'atl-'));
  const socket = join(folder, 's');
  const registryPort = await freePort();
  const registry = `127.0.0.1:${registryPort}`;
  const children: ChildProcess[] = [];
  let dockerd: ChildProcess | undefined;

  function run(program: string, args: readonly string[], signal: 'KILL' | 'TERM'): ChildProcess {
    const bound = boundToParent({ command: program, args }, signal);
    const child = spawn(bound.command, [...bound.args], { stdio: 'ignore' });
    children.push(child);
    return child;
  }

  async function docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await exec('docker', ['-H', `unix://${socket}`, ...args], { timeoutMs: 60_000 });
    return stdout.trim();
  }

  async function start(): Promise<void> {
    const paths = ['--data-root', join(folder, 'd'), '--exec-root', join(folder, 'e'), '--pidfile', join(folder, 'p')];
    await rm(join(folder, 'p'), { force: true });
    await rm(join(folder, 'e', 'containerd', 'containerd.pid'), { force: true });
    const network = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false'];
    dockerd = run('dockerd', [...paths, ...network, '--live-restore', '-H', `unix://${socket}`], 'TERM');
    await until(
      'dockerd answers',
      async () => (await docker('version', '--format', '{{.Server.Version}}')) !== '',
      30_000,
    );
  }

  const config = join(folder, 'registry.json');
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'r') } },
      http: { addr: registry, secret: 'test' },
    }),
  );
  run('docker-registry', ['serve', config], 'KILL');
  await start();

  return {
    socket,
    registry,
    docker,
    start,

    async image(name, scripts) {
      const root = await mkdtemp(join(folder, 'image-'));
      await mkdir(join(root, 'bin'));
      await mkdir(join(root, 'www'));
      await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
      await writeFile(join(root, 'www', 'index.html'), `${name}\n`);
      for (const [file, script] of Object.entries(scripts)) {
        await writeFile(join(root, 'bin', file), `#!/bin/busybox sh\n${script}\n`, { mode: 0o755 });
      }
      const tar = join(root, 'root.tar');
      await exec('tar', ['-c', '-f', tar, '-C', root, 'bin', 'www']);
      const tag = `${registry}/${name}:test`;
      const command = Object.keys(scripts)[0] ?? 'busybox';
      await docker('import', '--change', `CMD ["/bin/${command}"]`, tar, tag);
      const pushed = await until('the push', () => docker('push', tag));
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1];
      if (digest === undefined) throw new Error(`no digest in: ${pushed}`);
      await docker('rmi', tag);
      await rm(root, { recursive: true });
      return `${registry}/${name}@${digest}`;
    },

    async kill() {
      if (dockerd) await stopChild(dockerd, 'SIGKILL', 0);
    },

    async close() {
      const left = await docker('ps', '-aq').catch(() => '');
      if (left !== '') await docker('rm', '-f', ...left.split('\n')).catch(() => '');
      for (const child of children.reverse()) await stopChild(child, 'SIGTERM', 15_000);
      const { stdout } = await exec('cat', ['/proc/self/mounts']);
      const mounts = stdout
        .split('\n')
        .flatMap((line) => (line.split(' ')[1]?.startsWith(`${folder}/`) ? [line.split(' ')[1] ?? ''] : []));
      for (const mount of mounts.sort().reverse()) await exec('umount', ['--lazy', mount]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
