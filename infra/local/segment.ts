/**
 * The network that connects the nodes of this home where there are several: a bridge in a network namespace of its own, and a
 * wire from it into each node. Nothing of it is in the machine's network namespace but the first node's end: no rule of the
 * machine's, and none of Docker's, sees what passes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '@atoll/service/exec';
import type { Home } from './home.ts';

const bridge = 'br0';
const namespaceOf = (home: Home) => `atoll-${home.short}-lan`;
/** In the node's network namespace, the machine's own for the first node. */
const deviceOf = (home: Home) => `atoll-${home.short}`;
const pathOf = (name: string) => join('/run/netns', name);

/** Of one home, so that two on a machine don't meet: a unique local prefix (RFC 4193). */
export const segmentAddress = ({ short }: Home, number: number): string =>
  `fd${short.slice(0, 2)}:${short.slice(2, 6)}:${short.slice(6, 8)}00::${number.toString(16)}`;

let making: Promise<void> = Promise.resolve();

async function make(home: Home): Promise<void> {
  const name = namespaceOf(home);
  if (!existsSync(pathOf(name))) await exec('ip', ['netns', 'add', name]);
  const { stdout } = await exec('ip', ['-netns', name, '-j', 'link', 'show', 'type', 'bridge']);
  if (!stdout.includes(`"${bridge}"`)) await exec('ip', ['-netns', name, 'link', 'add', bridge, 'type', 'bridge']);
  await exec('ip', ['-netns', name, 'link', 'set', bridge, 'up']);
}

/** Connects a node, `netns` null for the machine's own network namespace. May be repeated. */
export async function plugNode(home: Home, number: number, netns: string | null): Promise<void> {
  // One after the other: several nodes start at once.
  making = making.catch(() => {}).then(() => plug(home, number, netns));
  await making;
}

async function plug(home: Home, number: number, netns: string | null): Promise<void> {
  await make(home);
  const device = deviceOf(home);
  const inNode = netns === null ? [] : ['-netns', netns];
  const there = await exec('ip', [...inNode, 'link', 'show', 'dev', device]).then(
    () => true,
    () => false,
  );
  if (!there) {
    const into = ['netns', netns === null ? String(process.pid) : pathOf(netns)];
    const lan = ['-netns', namespaceOf(home)];
    await exec('ip', [...lan, 'link', 'add', `n${number}`, 'type', 'veth', 'peer', 'name', device, ...into]);
    await exec('ip', [...lan, 'link', 'set', `n${number}`, 'master', bridge, 'up']);
  }
  const settings = ['disable_ipv6=0', 'accept_ra=0'].map((setting) => `net.ipv6.conf.${device}.${setting}`);
  const sysctl = ['-q', '-w', ...settings];
  if (netns === null) await exec('sysctl', sysctl);
  else await exec('ip', ['netns', 'exec', netns, 'sysctl', ...sysctl]);
  await exec('ip', [...inNode, 'link', 'set', device, 'up']);
  await exec('ip', [...inNode, 'addr', 'replace', `${segmentAddress(home, number)}/64`, 'dev', device, 'nodad']);
}

/** With every node's end of it: the kernel takes the wires of a deleted namespace away in its own time, so ours goes first. */
export async function removeSegment(home: Home): Promise<void> {
  await making.catch(() => {});
  const name = namespaceOf(home);
  if (existsSync(join('/sys/class/net', deviceOf(home)))) await exec('ip', ['link', 'delete', deviceOf(home)]);
  if (existsSync(pathOf(name))) await exec('ip', ['netns', 'delete', name]);
}
