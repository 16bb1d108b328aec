/** What a program in a container meets: names, the cloud's metadata, the node that it runs on. */
import { exec } from '@atoll/service/exec';
import type { RealParty } from './cluster.ts';

/** In the container's own namespaces, by the only program of its image. */
const within = async ({ pid }: RealParty, ...args: readonly string[]): Promise<string> => {
  const { stdout } = await exec('nsenter', [`--target=${pid}`, '--mount', '--net', '--', '/bin/busybox', ...args]);
  return stdout;
};

export const resolvConf = (party: RealParty): Promise<string> => within(party, 'cat', '/etc/resolv.conf');

/** The addresses that a name has for it; none where there is no such name. */
export async function resolved(party: RealParty, name: string): Promise<readonly string[]> {
  const said = await within(party, 'nslookup', name).catch(() => '');
  const [, ...answers] = said.split(/^Name:/m);
  return answers.flatMap((answer) =>
    [...answer.matchAll(/^Address(?: \d+)?:\s*(\S+)/gm)].map(([, address = '']) => address),
  );
}
