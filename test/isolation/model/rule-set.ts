/**
 * What the contract between service and agent (schema/src/node/network.ts) says about a first packet, read word by word
 * and not shared with anything of Atoll's. Used where rule sets are made at random, beyond what the compiler makes.
 */
import type { DesiredNetwork, PolicyRule } from '@atoll/schema/node/network';
import { isIn, kindOf } from './networks.ts';

export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** Of the destination; nothing for ICMP, which is an echo request. */
  readonly port: number;
}

type Ruled = Pick<DesiredNetwork, 'rules' | 'pools'>;

function applies({ rules: { sets }, pools }: Ruled, rule: PolicyRule, peer: string, packet: Packet): boolean {
  if (rule.protocol !== null && rule.protocol !== packet.protocol) return false;
  if (rule.protocol !== 'ICMP' && rule.ports !== null) {
    if (packet.port < rule.ports.from || packet.port > rule.ports.to) return false;
  }
  const set = sets.find(({ name }) => name === rule.set);
  if (set === undefined) throw new Error(`no set ${rule.set}`);
  const members = set[kindOf(peer)];
  if (set.kind === 'addresses') return isIn(peer, members);
  return isIn(peer, members) && !isIn(peer, pools[kindOf(peer)]);
}

/** What one node says; an end that isn't its endpoint has no say here. */
export function nodePasses(ruled: Ruled, packet: Packet): boolean {
  const { endpoints, chains } = ruled.rules;
  return (['egress', 'ingress'] as const).every((direction) => {
    const [own, peer] =
      direction === 'egress' ? [packet.source, packet.destination] : [packet.destination, packet.source];
    const endpoint = endpoints.find((one) => isIn(own, [one.ipv4, one.ipv6]));
    if (endpoint === undefined) return true;
    const rules = chains.find(({ name }) => name === endpoint[direction])?.rules ?? [];
    return rules.find((rule) => applies(ruled, rule, peer, packet))?.action === 'ALLOW';
  });
}
