/** What the model's tables do with the first packet of a connection: the few matches and targets that policies are rendered to. */
import type { RuleEndpoint } from '@atoll/schema/node/network';
import ipaddr from 'ipaddr.js';
import type { Family } from '../src/render/family.ts';
import type { NodeNames } from '../src/render/names.ts';
import { canonicalMember } from '../src/render/set.ts';
import type { Model } from './kernel-model.ts';

export interface Packet {
  readonly family: Family;
  readonly from: RuleEndpoint;
  readonly to: RuleEndpoint;
  readonly port: number;
}

function within(address: string, network: string): boolean {
  if (!network.includes('/')) return canonicalMember(network) === address;
  return ipaddr.parse(address).match(ipaddr.parseCIDR(network));
}

/** True where it is accepted; of a chain of the node's, where it returns from there. */
export function accepts(model: Model, names: NodeNames, packet: Packet, chain = 'FORWARD'): boolean {
  const { filter } = model.tables[packet.family];
  const [source, destination] = [packet.from, packet.to].map((end) => canonicalMember(end[packet.family]));
  const own = `${source},${names.interface(packet.from.instanceId)}`;

  function inSet(name: string, direction: string): boolean {
    const members = model.sets.get(name);
    if (direction === 'src,src') return members?.has(own) ?? false;
    const address = (direction === 'src' ? source : destination) ?? '';
    return [...(members ?? [])].some((member) => within(address, member));
  }
  function matches(words: readonly string[]): boolean {
    let not = false;
    for (let at = 0; at < words.length; at++) {
      const [word, next = '', after = ''] = words.slice(at);
      if (word === '!') {
        not = true;
        continue;
      }
      let holds = true;
      if (word === '--match-set') holds = inSet(next, after);
      else if (word === '-s' || word === '-d') holds = within((word === '-s' ? source : destination) ?? '', next);
      else if (word === '--ctstate' || word === '--hl-eq') holds = false;
      else if (word === '-p') holds = next === 'tcp';
      else if (word === '--dport') {
        const [low, high] = next.split(':').map(Number);
        holds = (low ?? 0) <= packet.port && packet.port <= (high ?? 0);
      } else continue;
      if (holds === not) return false;
      not = false;
    }
    return true;
  }
  /** `null`: it returned from the chain. */
  function walk(rules: readonly { readonly text: string }[]): boolean | null {
    for (const { text } of rules) {
      const words = text.split(' ');
      if (!matches(words)) continue;
      const verb = words.at(-2);
      const target = words.at(-1) ?? '';
      if (target === 'ACCEPT') return true;
      if (target === 'DROP') return false;
      if (target === 'RETURN') return null;
      const next = filter.chains.get(target);
      if (next === undefined) continue;
      const verdict = walk(next);
      if (verdict !== null) return verdict;
      if (verb === '-g') return null;
    }
    return null;
  }
  return walk(filter.builtins.get(chain) ?? filter.chains.get(chain) ?? []) ?? true;
}
