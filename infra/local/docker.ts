/** Docker Engine: the machine's, or a private one of this home. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { exec } from '@atoll/service/exec';
import { writeWhole } from '../process/files.ts';
import { childEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import type { ProcessSpec } from './supervisor.ts';

/** Null when the Engine answers on its socket, else the reason why not. */
export function dockerReadiness(socketPath: string): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 3000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error) => resolve(error.message));
    asked.end();
  });
}

export const dockerSocket = (home: Home) => join(home.runDir, 'docker.sock');

/** Pods are wired by the agent: the Engine has no bridge and touches no rule. Containers outlive a crash of the Engine. */
const config = (home: Home) => ({
  'data-root': join(home.docker, 'data'),
  'exec-root': join(home.runDir, 'docker'),
  pidfile: join(home.runDir, 'docker.pid'),
  hosts: [`unix://${dockerSocket(home)}`],
  bridge: 'none',
  iptables: false,
  ip6tables: false,
  'ip-forward': false,
  'ip-masq': false,
  'userland-proxy': false,
  'live-restore': true,
  'log-level': 'warn',
  'log-driver': 'json-file',
  'log-opts': { 'max-size': '10m', 'max-file': '2' },
});

/**
 * Mounts and files that dockerd leaves behind: its data root, mounted onto itself, network namespaces, the shims' files.
 * Innermost first; the same place may be mounted several times.
 */
async function removeRemains(home: Home): Promise<void> {
  const roots = [join(home.runDir, 'docker'), join(home.docker, 'data')];
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    // Spaces and the like stand there as \\040.
    .map((line) =>
      (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter((path) => roots.some((root) => path === root || path.startsWith(`${root}/`)))
    .reverse();
  for (const mount of mounts) await exec('umount', ['--lazy', mount]);
  rmSync(join(home.runDir, 'docker'), { recursive: true, force: true });
}

export function dockerSpec(home: Home, program: string): ProcessSpec {
  const socket = dockerSocket(home);
  return {
    name: 'docker',
    needs: [],
    async launch() {
      mkdirSync(home.runDir, { recursive: true, mode: 0o700 });
      const file = join(home.docker, 'daemon.json');
      writeWhole(file, JSON.stringify(config(home)));
      // Left by kill -9; the number in it may be another's by now, and dockerd would refuse to start.
      rmSync(join(home.runDir, 'docker.pid'), { force: true });
      rmSync(join(home.runDir, 'docker', 'containerd', 'containerd.pid'), { force: true });
      return {
        command: program,
        args: ['--config-file', file],
        env: childEnvironment({}),
        channel: false,
      };
    },
    ready: () => dockerReadiness(socket),
    stopSignal: 'SIGTERM',
    stopGraceMs: 20_000,
    afterStop: () => removeRemains(home),
  };
}
