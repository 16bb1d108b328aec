/** Rule sets of a node with many namespaces, as the network service would send them. */
import { createHash } from 'node:crypto';
import { type Id, type IdKind, idPrefixes } from '@atoll/schema/ids';
import { type DesiredNetwork, emptyRuleSet, type PolicyRule, type RuleEndpoint } from '@atoll/schema/node/network';

const fixed = <K extends IdKind>(kind: K, number: number): Id<K> =>
  `${idPrefixes[kind]}_01jd${String(number).padStart(22, '0')}` as Id<K>;

export const benchNode = fixed('node', 1);
export const pools = { ipv4: ['10.64.0.0/10'], ipv6: ['fd61:746f:6c6c::/48'], services: [], reserved: [] };

/** Of each namespace: who runs on the node, who elsewhere, and how many rules each direction has. */
export interface Shape {
  readonly namespaces: number;
  readonly here: number;
  readonly elsewhere: number;
  readonly rules: number;
}

export const addressesOf = (namespace: number, member: number) => ({
  ipv4: `10.${64 + (namespace >> 10)}.${(namespace >> 2) & 255}.${((namespace & 3) << 6) + member + 2}`,
  ipv6: `fd61:746f:6c6c:${namespace.toString(16)}::${(member + 2).toString(16)}`,
});

export const instanceOf = (namespace: number, member: number) => fixed('instance', namespace * 64 + member);

/** `ports`: the first port of a namespace's rules, where it isn't the usual one. `extra`: a set of others, and its size. */
export function worldOf(
  shape: Shape,
  generation: number,
  ports: ReadonlyMap<number, number> = new Map(),
  extra: readonly { readonly name: string; readonly members: readonly number[] }[] = [],
): DesiredNetwork {
  const endpoints: RuleEndpoint[] = [];
  const chains: DesiredNetwork['rules']['chains'] = [];
  const sets: DesiredNetwork['rules']['sets'] = [];
  for (let namespace = 0; namespace < shape.namespaces; namespace++) {
    const set = `n${String(namespace).padStart(6, '0')}`;
    const first = ports.get(namespace) ?? 1000;
    const rules = (direction: number): PolicyRule[] =>
      Array.from({ length: shape.rules }, (_, index) => ({
        policyId: fixed('policy', namespace * 64 + index),
        action: 'ALLOW',
        protocol: 'TCP',
        ports: { from: first + index * 10 + direction, to: first + index * 10 + 4 + direction },
        icmp: null,
        set,
        log: false,
      }));
    const chain = (direction: 'ingress' | 'egress'): string => {
      const said = rules(direction === 'ingress' ? 0 : 1);
      const name = createHash('sha256')
        .update(JSON.stringify([direction, said]))
        .digest('hex')
        .slice(0, 16);
      chains.push({ name, direction, rules: said });
      return name;
    };
    const [ingress, egress] = [chain('ingress'), chain('egress')];
    const members = Array.from({ length: shape.here + shape.elsewhere }, (_, member) => addressesOf(namespace, member));
    sets.push({
      name: set,
      kind: 'addresses',
      ipv4: members.map((member) => member.ipv4).sort(),
      ipv6: members.map((member) => member.ipv6).sort(),
    });
    for (let member = 0; member < shape.here; member++) {
      endpoints.push({ instanceId: instanceOf(namespace, member), ...addressesOf(namespace, member), ingress, egress });
    }
  }
  for (const { name, members } of extra) {
    const ipv4 = members.map((one) => `10.127.${one >> 8}.${one & 255}`).sort();
    const ipv6 = members.map((one) => `fd61:746f:6c6c:ffff::${(one + 1).toString(16)}`).sort();
    sets.push({ name, kind: 'addresses', ipv4, ipv6 });
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const rules = { ...emptyRuleSet, endpoints, chains: chains.sort(byName), sets: sets.sort(byName) };
  return { nodeId: benchNode, generation, hash: '0'.repeat(64), pools, rules };
}
