/** Decides what runs containers here. */
import { exec } from '@atoll/service/exec';
import { dockerReadiness, dockerSocket } from './docker.ts';
import type { Home } from './home.ts';
import { findProgram } from './programs.ts';

export type Runtime =
  | { readonly kind: 'docker'; readonly socket: string; readonly own: false }
  | { readonly kind: 'docker'; readonly socket: string; readonly own: true; readonly program: string }
  | { readonly kind: 'simulated'; readonly reason: string };

const machineSocket = '/var/run/docker.sock';
const needed = ['ip', 'bridge', 'iptables', 'ip6tables', 'iptables-restore', 'ipset', 'conntrack', 'nsenter'];

/** Why pods can't be wired on this machine; null where they can. */
async function wiringObstacle(home: Home): Promise<string | null> {
  if (process.platform !== 'linux') return 'this machine does not run Linux';
  if (process.getuid?.() !== 0) return 'it was not started as root';
  const missing = needed.filter((name) => findProgram(name) === null);
  if (missing.length > 0) return `these programs are missing: ${missing.join(' ')}`;
  // A container without the rights looks like root and isn't.
  const probe = `atoll-${home.short}-probe`;
  try {
    await exec('ip', ['netns', 'add', probe]);
    await exec('ip', ['netns', 'exec', probe, 'iptables', '-L', '-n']);
    return null;
  } catch (error) {
    return `network namespaces or iptables can't be used (${error instanceof Error ? error.message : String(error)})`;
  } finally {
    await exec('ip', ['netns', 'delete', probe]).catch(() => {});
  }
}

export async function chooseRuntime(home: Home, wanted: string | undefined): Promise<Runtime> {
  if (wanted !== undefined && wanted !== 'docker' && wanted !== 'simulated') {
    throw new Error(`ATOLL_RUNTIME is ${JSON.stringify(wanted)}: set it to docker or simulated, or leave it out.`);
  }
  if (wanted === 'simulated') return { kind: 'simulated', reason: 'ATOLL_RUNTIME says so' };
  const refuse = (reason: string): Runtime => {
    if (wanted === 'docker') throw new Error(`ATOLL_RUNTIME is docker, but ${reason}.`);
    return { kind: 'simulated', reason };
  };
  const obstacle = await wiringObstacle(home);
  if (obstacle) return refuse(obstacle);
  if ((await dockerReadiness(machineSocket)) === null) return { kind: 'docker', socket: machineSocket, own: false };
  const program = findProgram('dockerd');
  if (!program) return refuse(`no Docker Engine answers on ${machineSocket}, and there is no dockerd to start`);
  return { kind: 'docker', socket: dockerSocket(home), own: true, program };
}
