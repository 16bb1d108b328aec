/**
 * Virtual addresses, in `nat`: what a pod sends to one goes on to a ready instance behind it.
 *
 *   PREROUTING ─ services ── environment of the pod … ── address … ── port ── target     (a pod's new connection)
 *   POSTROUTING ─ hairpin   (an instance that was sent to itself)
 *
 * A pod meets the services of its own environment only; nobody else's addresses do anything. What isn't sent on ends on the node,
 * whose own the range is (sandbox/host.ts), and is refused there (policies.ts), whether such a service exists or not. The rules
 * of `filter` see the instance and its port.
 */
import { createHash } from 'node:crypto';
import type { RuleService } from '@atoll/schema/node/network';
import { balance } from './balance.ts';
import { branches, type Leaf } from './branches.ts';
import { type Chain, chain, goto, inSet, notInSet } from './chain.ts';
import { type Family, familyFacts } from './family.ts';
import type { RuleIntent } from './intent.ts';
import type { NodeNames } from './names.ts';
import { canonicalMember, type IpSet, ipSet } from './set.ts';
import { anchor, type RenderedPart } from './tables.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** How packets are matched with `hairpinSet`. */
export const fromItself = 'src,dst,dst';

/** Instances of this node that a service may send to themselves: to itself an instance is open, as it is inside. */
export function hairpinSet(names: NodeNames, intent: RuleIntent, family: Family): IpSet {
  const here = new Set(intent.rules.endpoints.map((endpoint) => endpoint[family]));
  const own = intent.rules.services.flatMap((service) =>
    service.ports.flatMap(({ protocol, targets }) =>
      targets
        .filter((target) => here.has(target[family]))
        .map(
          (target) => `${target[family]},${protocol.toLowerCase()}:${target.port},${canonicalMember(target[family])}`,
        ),
    ),
  );
  return ipSet(names, family, 'hash:ip,port,ip', 'endpoints that a service leads to themselves', own);
}

/** The ranges of virtual addresses of the family. */
export const serviceRangeSet = (names: NodeNames, intent: RuleIntent, family: Family): IpSet =>
  ipSet(
    names,
    family,
    'hash:net',
    'service ranges',
    (intent.pools?.services ?? []).filter((range) => range.includes(':') === (family === 'ipv6')),
  );

export function renderServices(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const { endpoints, services, names: told } = intent.rules;
  if (services.length === 0) return { sets: [], tables: {} };
  const addressOf = new Map(endpoints.map((endpoint) => [endpoint.instanceId, endpoint[family]]));
  const byAddress = new Map(services.map((service) => [service.ipv4, service]));
  const chains: Chain[] = [];
  const sets: IpSet[] = [];

  function portBodies(service: RuleService) {
    const { serviceId, affinitySeconds } = service;
    return service.ports.flatMap(({ protocol, port, targets }) => {
      if (targets.length === 0) return [];
      const flag = protocol.toLowerCase();
      const meaning = `${serviceId} ${flag} ${port}`;
      const balanced = balance(names, family, meaning, {
        protocol,
        targets: targets.map((target) => ({ address: target[family], port: target.port })),
        stay: affinitySeconds === null ? null : { seconds: affinitySeconds, with: serviceId },
      });
      const to = names.chain(`p-${hex(meaning)}`);
      chains.push(chain(to, balanced.bodies), ...balanced.chains);
      sets.push(...balanced.sets);
      return [{ match: ['-p', flag, '-m', flag, '--dport', `${port}`], target: goto(to), note: serviceId }];
    });
  }

  function serviceLeaf(service: RuleService): Leaf {
    const key = hex(service.serviceId);
    const to = names.chain(`s-${key}`);
    chains.push(chain(to, portBodies(service)));
    return { key, chain: to, members: [service[family]] };
  }

  const views = told.views.flatMap((view): Leaf[] => {
    const pods = view.namespaces.flatMap((one) => one.instances.flatMap((id) => addressOf.get(id) ?? []));
    const seen = view.namespaces.flatMap((one) => one.services.flatMap(({ ipv4 }) => byAddress.get(ipv4) ?? []));
    if (pods.length === 0 || seen.length === 0) return [];
    const key = hex(view.environmentId);
    // One tree for each environment: its digits are part of the tree's name.
    const found = branches(names, family, { kind: `s${key.slice(0, 8)}`, end: 'dst' }, seen.map(serviceLeaf));
    const to = names.chain(`e-${key}`);
    chains.push(chain(to, found.bodies), ...found.chains);
    sets.push(...found.sets);
    return [{ key, chain: to, members: pods }];
  });

  const ranges = serviceRangeSet(names, intent, family);
  const own = hairpinSet(names, intent, family);
  const found = branches(names, family, { kind: 'env', end: 'src' }, views);
  const lead = names.chain('services');
  const hairpin = names.chain('hairpin');
  return {
    sets: [ranges, own, ...found.sets, ...unique(sets)],
    tables: {
      nat: {
        chains: [
          chain(lead, [{ match: notInSet(ranges.name, 'dst'), target: ['-j', 'RETURN'] }, ...found.bodies]),
          // It would take its own address for a stranger's that pretends: it sees its gateway instead.
          chain(hairpin, [
            { match: inSet(own.name, fromItself), target: ['-j', 'SNAT', '--to-source', familyFacts[family].gateway] },
          ]),
          ...found.chains,
          ...chains,
        ],
        anchors: [
          anchor('PREROUTING', ['-i', names.anyInterface], lead),
          anchor('POSTROUTING', ['-o', names.anyInterface], hairpin),
        ],
      },
    },
  };
}

/** Ports of one service remember its clients in the same sets. */
const unique = (sets: readonly IpSet[]): IpSet[] => [...new Map(sets.map((set) => [set.name, set])).values()];
