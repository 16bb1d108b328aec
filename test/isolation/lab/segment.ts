/**
 * Nodes as network namespaces on one bridge, each with a real agent process; pods as network namespaces that the agent's
 * own code wires; and one host outside of the platform, the nodes' way out. All traffic stays in these namespaces.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { families, familyFacts } from '@atoll/agent/render/family';
import { gatewayMac, podMac } from '@atoll/agent/render/names';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import type { Id } from '@atoll/schema/ids';
import type { RemoteNode, RuleEndpoint } from '@atoll/schema/node/network';
import { exec } from '@atoll/service/exec';
import { newId } from '@atoll/service/ids';
import { AgentProcess } from '../../../agent/test/agent-process.ts';
import { ControlPlane } from '../../../agent/test/control-plane.ts';
import { Lab, type LabNode, until } from '../../../agent/test/lab.ts';
import { mac } from './frames.ts';
import { Tap } from './tap.ts';

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Whoever sends and receives test traffic. */
export interface Party extends Addresses {
  readonly name: string;
  readonly netns: string;
  readonly tap: Tap;
  readonly mac: Buffer;
  /** Hardware address to which a frame for this address goes. */
  readonly nextHop: (destination: Addresses) => Buffer;
}

export interface SegmentNode extends LabNode {
  readonly number: number;
  readonly agent: AgentProcess;
  readonly plane: ControlPlane;
  readonly stateDir: string;
  readonly underlay: Addresses;
  /** Of its end of the segment. */
  readonly mac: Buffer;
}

export interface Pod extends Party {
  readonly end: RuleEndpoint;
  readonly node: SegmentNode;
}

export const uplink = 'up0';
const outsideNumber = 254;
const underlayOf = (number: number): Addresses => ({
  ipv4: `192.0.2.${number}`,
  ipv6: `2001:db8::${number.toString(16)}`,
});
/** One pair for each host that is pretended to be outside. */
export const outsideAddresses: readonly Addresses[] = [
  { ipv4: '203.0.113.10', ipv6: '2001:db8:a::10' },
  { ipv4: '203.0.113.200', ipv6: '2001:db8:a:8000::1' },
  { ipv4: '198.51.100.5', ipv6: '2001:db8:b::5' },
];

const routesTo = (pods: readonly Pod[]): string[] =>
  pods.flatMap(({ end, node }) =>
    families.map(
      (family) => `route replace ${end[family]}/${familyFacts[family].length} via ${node.underlay[family]} metric 5`,
    ),
  );

const macOf = async (netns: string, device: string): Promise<Buffer> => {
  const { stdout } = await exec('nsenter', [`--net=${netns}`, '--', 'ip', '-j', 'link', 'show', device]);
  const [link] = JSON.parse(stdout) as { address: string }[];
  return mac(link?.address ?? '');
};

export class Segment {
  readonly lab = new Lab();
  readonly nats: TestNats;
  readonly nodes: SegmentNode[] = [];
  readonly pods: Pod[] = [];
  /** One for each of `outsideAddresses`; all are one host. */
  outside: readonly Party[] = [];
  readonly #taps: Tap[] = [];
  #bridge = '';

  private constructor(nats: TestNats) {
    this.nats = nats;
  }

  static async open(): Promise<Segment> {
    const segment = new Segment(await startTestNats());
    segment.#bridge = await segment.lab.namespace('wire');
    await segment.#ip(segment.#bridge, [
      'link add br0 type bridge forward_delay 0 mcast_snooping 0',
      'link set br0 up',
    ]);
    // A wire filters nothing: where the kernel can show bridged packets to iptables, it is told not to.
    const shown = ['iptables', 'ip6tables', 'arptables'].map((program) => `net.bridge.bridge-nf-call-${program}=0`);
    await exec('nsenter', [`--net=${segment.#bridge}`, '--', 'sysctl', '-e', '-q', '-w', ...shown]);
    await segment.#openOutside();
    return segment;
  }

  #ip(netns: string, lines: readonly string[]): Promise<unknown> {
    return exec('nsenter', [`--net=${netns}`, '--', 'ip', '-batch', '-'], { input: lines.join('\n') });
  }

  /** The same pod in another network namespace: what was in the one before is gone. */
  async replug(node: SegmentNode, { end, tap }: Pod): Promise<Pod> {
    tap.stop();
    const index = this.pods.findIndex((pod) => pod.end === end);
    this.pods.splice(index, 1);
    return this.pod(node, end);
  }

  /** Gives a namespace its end of the segment. */
  async #plug(netns: string, number: number): Promise<void> {
    const other = `port${number}`;
    await this.#ip(this.#bridge, [
      // A machine keeps its hardware address when it starts anew.
      `link add ${other} type veth peer name ${uplink} address 02:00:5e:00:53:${number.toString(16).padStart(2, '0')} netns ${netns}`,
      `link set ${other} master br0 up`,
    ]);
    const { ipv4, ipv6 } = underlayOf(number);
    await this.#ip(netns, [
      `link set ${uplink} up`,
      `addr add ${ipv4}/24 dev ${uplink}`,
      `addr add ${ipv6}/64 dev ${uplink} nodad`,
    ]);
  }

  #tap(netns: string, device: string): Tap {
    const tap = new Tap(netns, device);
    this.#taps.push(tap);
    return tap;
  }

  async #openOutside(): Promise<void> {
    const netns = await this.lab.namespace('out');
    await this.#plug(netns, outsideNumber);
    const all = outsideAddresses.flatMap(({ ipv4, ipv6 }) => [`${ipv4}/32`, `${ipv6}/128`]);
    await this.#ip(
      netns,
      all.map((address) => `addr add ${address} dev ${uplink}${address.includes(':') ? ' nodad' : ''}`),
    );
    const tap = this.#tap(netns, uplink);
    const own = await macOf(netns, uplink);
    const nextHop = ({ ipv4 }: Addresses) => this.pods.find((pod) => pod.ipv4 === ipv4)?.node.mac ?? own;
    this.outside = outsideAddresses.map((at, index) => ({ ...at, name: `out${index}`, netns, tap, mac: own, nextHop }));
    await tap.ready();
  }

  /** Lets the host outside have this IPv4 address, too, and all nodes send to it there. */
  async answerOutside(address: string): Promise<void> {
    const [host] = this.outside;
    if (host !== undefined) await this.#ip(host.netns, [`addr add ${address}/32 dev ${uplink}`]);
    const via = underlayOf(outsideNumber).ipv4;
    for (const { netns } of this.nodes) await this.#ip(netns, [`route add ${address}/32 via ${via} dev ${uplink}`]);
  }

  /** A node with a running agent. Again with one that was: the machine is new, what was on its disk is not. */
  async node(
    was?: SegmentNode,
    options: { agent: 'started' | 'not yet' } = { agent: 'started' },
  ): Promise<SegmentNode> {
    const number = was?.number ?? this.nodes.length + 1;
    if (was) {
      await was.agent.kill();
      await this.#ip(was.netns, [`link del ${uplink}`]);
    }
    const id: Id<'node'> = was?.id ?? newId('node');
    const stateDir = was?.stateDir ?? (await mkdtemp(join(tmpdir(), 'atoll-isolation-')));
    const machine = await this.lab.node(id);
    // As a machine starts; a namespace may have it from the machine that it is on.
    const forwarding = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'].map((key) => `${key}=0`);
    await machine.commands.run('sysctl', ['-q', '-w', ...forwarding]);
    await this.#plug(machine.netns, number);
    const gateway = underlayOf(outsideNumber);
    await this.#ip(
      machine.netns,
      families.map((family) => `route add default via ${gateway[family]} dev ${uplink} metric 9000000`),
    );
    const agent = new AgentProcess({
      // Rules are what is looked at: there is no Docker here, and the agent goes on without.
      ATOLL_RUNTIME: 'docker',
      ATOLL_DOCKER_SOCKET: join(stateDir, 'no-docker.sock'),
      ATOLL_NATS_URL: this.nats.url,
      ATOLL_NODE_ID: id,
      ATOLL_NODE_NAME: `node-${number}`,
      ATOLL_NODE_NETNS: machine.netns,
      ATOLL_STATE_DIR: stateDir,
      ATOLL_LOG_LEVEL: 'info',
      NODE_OPTIONS: '--conditions=atoll-faults',
    });
    const plane = was?.plane ?? (await ControlPlane.connect(this.nats.url, id));
    if (!was) plane.serve();
    if (options.agent === 'started') agent.start();
    const underlay = underlayOf(number);
    const node = { ...machine, number, agent, plane, stateDir, underlay, mac: await macOf(machine.netns, uplink) };
    this.nodes.splice(number - 1, 1, node);
    return node;
  }

  /** As the network service says it, with every pod of the others: the rules alone decide. */
  remotesOf(node: SegmentNode): RemoteNode[] {
    return this.nodes
      .filter((other) => other !== node)
      .flatMap((other): RemoteNode[] => {
        const underlay = other.plane.networkReports.at(-1)?.underlay ?? null;
        if (underlay === null) throw new Error(`node ${other.number} hasn't said where it is reached`);
        const { mtu: _, ...tunnel } = underlay;
        const pods = this.pods.filter((pod) => pod.node === other);
        const addresses = { ipv4: pods.map((pod) => pod.ipv4).sort(), ipv6: pods.map((pod) => pod.ipv6).sort() };
        return [{ nodeId: other.id, tunnel, ...addresses }];
      })
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  /** Resolves once the agents have connected their nodes to each other, for these endpoints. */
  async connected(ends: readonly RuleEndpoint[] = this.pods.map((pod) => pod.end)): Promise<void> {
    for (const node of this.nodes) {
      const others = this.pods.filter((pod) => pod.node !== node && ends.includes(pod.end));
      const wanted = others.flatMap((pod) => [pod.ipv4, pod.ipv6]);
      if (wanted.length === 0) continue;
      await until(
        `node ${node.number} is connected`,
        async () => {
          const shown = families.map((family) => {
            const flag = `-${familyFacts[family].digit}`;
            return node.commands.run('ip', [flag, 'route', 'show', 'dev', node.names.tunnel, 'proto', '97']);
          });
          const routes = (await Promise.all(shown)).map(({ stdout }) => stdout).join('\n');
          return wanted.every((address) => routes.includes(`${address} via `));
        },
        60_000,
      );
    }
  }

  /** A network namespace, wired, reachable from outside as far as routes go, and from every node that is connected. */
  async pod(node: SegmentNode, end: RuleEndpoint): Promise<Pod> {
    const netns = await this.lab.namespace('pod');
    await node.wiring.wire(end, netns);
    const tap = this.#tap(netns, 'eth0');
    const pod: Pod = {
      ...{ name: end.ipv4, ipv4: end.ipv4, ipv6: end.ipv6, netns, tap, end, node },
      mac: mac(podMac(end.instanceId)),
      nextHop: () => mac(gatewayMac),
    };
    this.pods.push(pod);
    await tap.ready();
    for (const host of this.outside.slice(0, 1)) await this.#ip(host.netns, routesTo([pod]));
    return pod;
  }

  async close(): Promise<void> {
    for (const tap of this.#taps) tap.stop();
    await Promise.all(this.nodes.map((node) => node.agent.kill()));
    await Promise.all(this.nodes.map((node) => node.plane.close()));
    await this.nats.stop();
    await this.lab.close();
    for (const { stateDir } of this.nodes) await rm(stateDir, { recursive: true, force: true });
  }
}
