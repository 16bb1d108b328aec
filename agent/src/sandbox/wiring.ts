/**
 * Wires network namespaces, a pod's or a bare one, to the node. Every step may be repeated; a crash in the middle leaves
 * a wire without its mark, which the next attempt builds anew.
 */
import { stat } from 'node:fs/promises';
import type { Id } from '@atoll/schema/ids';
import { families, familyFacts } from '../render/family.ts';
import { gatewayMac, type NodeNames, podMac } from '../render/names.ts';
import {
  hostLines,
  hostSysctls,
  podInterface,
  podLines,
  podSysctls,
  routeLines,
  type WireEnd,
  wireMark,
} from '../render/wiring.ts';
import { commandsIn, type NodeCommands } from './commands.ts';
import { routeProtocol } from './host.ts';

/** The wires of a node as they are at one moment. */
export interface ObservedWires {
  /** Finished, its routes in place, and to this network namespace. */
  isWired(end: WireEnd, netns: string | null): Promise<boolean>;
  /** Whether there is anything of this instance's. */
  has(instance: Id<'instance'>): boolean;
  /** Host ends that belong to none of these instances: left over. */
  others(instances: readonly Id<'instance'>[]): readonly string[];
}

export interface Wiring {
  observe(): Promise<ObservedWires>;
  /** `netns` is the path of the pod's network namespace. Idempotent. */
  wire(end: WireEnd, netns: string | null): Promise<void>;
  unwire(hostInterface: string): Promise<void>;
  /** Removes every wire of this node. */
  clear(): Promise<void>;
}

interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
}
interface Route {
  readonly dst: string;
  readonly dev?: string;
}

/** Tells one network namespace from another, also after its path is reused. */
async function inodeOf(netns: string): Promise<string> {
  return String((await stat(netns, { bigint: true })).ino);
}

/** `mtu`: what a pod may send in one packet, in bytes; null for what the kernel makes of it. */
export function routedWiring(
  commands: NodeCommands,
  names: NodeNames,
  mtu: () => Promise<number | null> = async () => null,
): Wiring {
  const ip = (lines: readonly string[]) => commands.run('ip', ['-batch', '-'], lines.join('\n'));

  async function links(): Promise<Map<string, string>> {
    const { stdout } = await commands.run('ip', ['-j', 'link', 'show', 'type', 'veth']);
    const all = JSON.parse(stdout || '[]') as Link[];
    return new Map(
      all.flatMap((link) => (link.ifname?.startsWith(names.prefix) ? [[link.ifname, link.ifalias ?? '']] : [])),
    );
  }

  /** `address interface` of each route of ours. */
  async function routes(): Promise<Set<string>> {
    const found = await Promise.all(
      families.map(async (family) => {
        const flag = `-${familyFacts[family].digit}`;
        const { stdout } = await commands.run('ip', ['-j', flag, 'route', 'show', 'proto', routeProtocol]);
        return JSON.parse(stdout || '[]') as Route[];
      }),
    );
    return new Set(found.flat().flatMap((route) => (route.dev ? [`${route.dst} ${route.dev}`] : [])));
  }

  async function unwire(hostInterface: string): Promise<void> {
    if (!(await links()).has(hostInterface)) return;
    // Its peer and its routes go with it.
    await ip([`link del ${hostInterface}`]).catch(async (error: unknown) => {
      if ((await links()).has(hostInterface)) throw error;
    });
  }

  return {
    unwire,

    async observe() {
      const [linksNow, routesNow] = await Promise.all([links(), routes()]);
      return {
        async isWired(end, netns) {
          const host = names.interface(end.instanceId);
          if (netns === null || linksNow.get(host) !== wireMark(end, await inodeOf(netns))) return false;
          return families.every((family) => routesNow.has(`${end[family]} ${host}`));
        },
        has: (instance) => linksNow.has(names.interface(instance)),
        others(instances) {
          const owned = new Set(instances.map(names.interface));
          return [...linksNow.keys()].filter((host) => !owned.has(host));
        },
      };
    },

    async wire(end, netns) {
      const host = names.interface(end.instanceId);
      if (netns === null) throw new Error(`${end.instanceId} has no network namespace to wire`);
      const mark = wireMark(end, await inodeOf(netns));
      const present = (await links()).get(host);
      if (present === mark) {
        await ip(routeLines(names, end));
        return;
      }
      await unwire(host);
      const peer = ['peer', 'name', podInterface, 'address', podMac(end.instanceId), 'netns', netns];
      const bytes = await mtu();
      const size = bytes === null ? [] : ['mtu', String(bytes)];
      await commands.run('ip', ['link', 'add', host, 'address', gatewayMac, ...size, 'type', 'veth', ...peer, ...size]);
      const pod = commandsIn(netns);
      await pod.run('sysctl', ['-q', '-w', ...podSysctls()]);
      await pod.run('ip', ['-batch', '-'], podLines(end).join('\n'));
      await commands.run('sysctl', ['-q', '-w', ...hostSysctls(host)]);
      await ip(hostLines(names, end));
      await commands.run('ip', ['link', 'set', 'dev', host, 'alias', mark]);
    },

    async clear() {
      for (const host of (await links()).keys()) await unwire(host);
    },
  };
}
