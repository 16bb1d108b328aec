/** Nodes on one segment, connected by the agent's own code: a bridge, and an end of it in each node. */
import type { Id } from '@atoll/schema/ids';
import type { DesiredNetwork, RemoteNode, RuleEndpoint } from '@atoll/schema/node/network';
import { tunnelMtu, type Underlay } from '../src/render/tunnel.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, networkDocument, type Opening } from './fixtures.ts';
import type { Lab, LabNode, LabPod } from './lab.ts';

export interface Member extends LabNode {
  readonly underlay: Underlay;
  readonly ends: readonly RuleEndpoint[];
}

export const uplink = 'up0';
const port = 9789;
const underlayPrefix = { ipv4: '192.0.2.', ipv6: 'fd77::' } as const;

export class TunnelLab {
  readonly lab: Lab;
  readonly family: 'ipv4' | 'ipv6';
  readonly members: Member[] = [];
  #bridge = '';
  #generation = 0;
  #hosts = 0;

  constructor(lab: Lab, family: 'ipv4' | 'ipv6') {
    this.lab = lab;
    this.family = family;
  }

  /** Gives a network namespace its end of the segment, and both families there. */
  async plug(netns: string, host: number, mtu = 1500): Promise<string> {
    if (this.#bridge === '') {
      this.#bridge = await this.lab.namespace('wire');
      await commandsIn(this.#bridge).run('ip', ['-batch', '-'], 'link add br0 type bridge\nlink set br0 up');
    }
    const plug = `port${++this.#hosts}`;
    await commandsIn(this.#bridge).run(
      'ip',
      ['-batch', '-'],
      [
        `link add ${plug} mtu ${mtu} type veth peer name ${uplink} mtu ${mtu} netns ${netns}`,
        `link set ${plug} master br0 up`,
      ].join('\n'),
    );
    await commandsIn(netns).run(
      'ip',
      ['-batch', '-'],
      [
        // A machine keeps its hardware address.
        `link set ${uplink} address 02:00:00:00:01:${host} up`,
        `addr add ${underlayPrefix.ipv4}${host}/24 dev ${uplink}`,
        `addr add ${underlayPrefix.ipv6}${host}/64 dev ${uplink} nodad`,
      ].join('\n'),
    );
    return `${underlayPrefix[this.family]}${host}`;
  }

  /** `again`: the same machine as one that was, after a reboot: nothing of its kernel's is left. */
  async join(id: Id<'node'>, ends: readonly RuleEndpoint[], options: { mtu?: number; again?: Member } = {}) {
    const { mtu = 1500, again } = options;
    const host = again ? this.members.indexOf(again) + 1 : this.members.length + 1;
    const underlay = {
      address: `${underlayPrefix[this.family]}${host}`,
      port,
      mac: `02:00:00:00:00:0${host}`,
      mtu,
    };
    const node = await this.lab.node(id, undefined, tunnelMtu(underlay));
    await this.plug(node.netns, host, mtu);
    const member = { ...node, underlay, ends };
    this.members[host - 1] = member;
    return member;
  }

  remotesOf(member: LabNode, others: readonly Member[] = this.members): RemoteNode[] {
    return others
      .filter((other) => other.id !== member.id)
      .map(({ id, underlay: { mtu: _, ...tunnel }, ends }) => ({
        nodeId: id,
        tunnel,
        ipv4: ends.map((end) => end.ipv4).sort(),
        ipv6: ends.map((end) => end.ipv6).sort(),
      }))
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  documentOf(member: Member, openings: readonly Opening[], others = this.members): DesiredNetwork {
    const all = this.members.flatMap(({ ends }) => ends);
    const rules = { ...compile(all, openings, member.ends), remotes: this.remotesOf(member, others) };
    return networkDocument(member.id, ++this.#generation, rules);
  }

  /** Rules first, as the agent does. */
  async apply(member: Member, openings: readonly Opening[], others = this.members): Promise<void> {
    const document = this.documentOf(member, openings, others);
    await member.rules.ensure(document);
    await member.tunnel.ensure(member.underlay, document.rules.remotes);
  }

  pod = (member: Member, end: RuleEndpoint): Promise<LabPod> => this.lab.pod(member, end);
}
