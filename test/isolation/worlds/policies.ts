/**
 * Worlds of a seed: two tenants, three namespaces, eight instances, services and policies of both tiers, and a walk from each to
 * the next by what tenants and operators do. Only policies that the platform accepts (what ALLOWs has its own namespace's consent).
 */
import type {
  CompiledEndpoint,
  CompiledNamespace,
  CompiledPeer,
  CompiledPolicy,
  CompiledService,
  Intent,
} from '@atoll/network/compile/model';
import type { Id, IdKind } from '@atoll/schema/ids';
import type { PolicyTraffic } from '@atoll/schema/network/spec';
import { endpointAt, fixedId } from '../../../agent/test/fixtures.ts';
import type { Dice } from '../random.ts';
import { type Doors, someExposed, someIdle, someMapped } from './doors.ts';

export interface World extends Intent, Doors {
  readonly nextPolicy: number;
}

const tenants = [fixedId('tenant', 1), fixedId('tenant', 2)] as const;
export const spaces = [
  {
    tenant: tenants[0],
    namespaceId: fixedId('namespace', 1),
    environmentId: fixedId('environment', 1),
    subnets: [1, 2],
  },
  { tenant: tenants[0], namespaceId: fixedId('namespace', 2), environmentId: fixedId('environment', 2), subnets: [3] },
  { tenant: tenants[1], namespaceId: fixedId('namespace', 3), environmentId: fixedId('environment', 3), subnets: [4] },
] as const;
type Space = (typeof spaces)[number];

/** Of each node, with the subnet of each. */
const places = [
  [1, 2, 3, 4],
  [1, 2, 3, 4],
] as const;
const values = ['a', 'b', 'c'] as const;
/** Values that would be of interest to a shell or to a parser of rules; as labels they are as good as any. */
const keys = ['app', '$(reboot)', '--jump'] as const;

export const ports = [79, 80, 443, 8080] as const;
const bounds = [1, 79, 80, 81, 443, 8080, 19_999] as const;
const cidrs = [
  '0.0.0.0/0',
  '::/0',
  '203.0.113.0/24',
  '203.0.113.128/25',
  '198.51.100.5/32',
  '2001:db8:a::/48',
  '2001:db8:b::/64',
  '10.0.0.0/8',
  'fd00::/8',
] as const;
const holes = ['203.0.113.10/32', '203.0.113.192/26', '2001:db8:a:8000::/49', '128.0.0.0/1', '::/0'] as const;

const someLabels = (dice: Dice) => Object.fromEntries(dice.some(keys, 0.6).map((key) => [key, dice.of(values)]));
const wantedLabels = (dice: Dice) =>
  dice.chance(0.4) ? {} : Object.fromEntries(dice.between(keys, 1, 1).map((key) => [key, dice.of(values)]));

/** Ids of the kind, in an order that isn't that in which they are made. */
const shuffledId = <K extends IdKind>(kind: K, number: number): Id<K> => fixedId(kind, (number * 7919) % 100_003);

function someTraffic(dice: Dice): PolicyTraffic[] {
  if (dice.chance(0.3)) return [];
  return Array.from({ length: 1 + dice.number(3) }, (): PolicyTraffic => {
    if (dice.chance(0.3)) return { protocol: 'ICMP', type: dice.of(['ECHO_REQUEST', null]) };
    const [from = 1, to = 1] = [dice.of(bounds), dice.of(bounds)].sort((a, b) => a - b);
    return { protocol: dice.of(['TCP', 'UDP']), from, to };
  });
}

const cidrPeer = (dice: Dice): CompiledPeer => ({ kind: 'CIDR', cidr: dice.of(cidrs), except: dice.some(holes, 0.2) });
const several = <T>(dice: Dice, make: () => T): T[] => Array.from({ length: 1 + dice.number(2) }, make);

export function tenantPolicy(dice: Dice, number: number, services: readonly CompiledService[]): CompiledPolicy {
  const space: Space = dice.of(spaces);
  const action = dice.chance(0.35) ? 'DENY' : 'ALLOW';
  const servicesOf = (of: readonly Space[]) =>
    services.filter((service) => of.some(({ namespaceId }) => namespaceId === service.namespaceId));
  const within = (of: readonly Space[]) => (): CompiledPeer => {
    const choice = dice.number(4);
    const service = servicesOf(of)[0];
    if (choice === 0 && service) return { kind: 'SERVICE', serviceId: service.serviceId };
    // Others' ids, too: of another tenant a policy means nothing.
    return { kind: 'INSTANCES', namespaceId: dice.of(of).namespaceId, labels: wantedLabels(dice) };
  };
  const own = within([space]);
  const anybody = (): CompiledPeer => {
    if (dice.chance(0.2)) return cidrPeer(dice);
    if (dice.chance(0.25)) {
      return { kind: 'ENVIRONMENT', environmentId: dice.of(spaces).environmentId, labels: wantedLabels(dice) };
    }
    return within(spaces)();
  };
  const outward = dice.chance(0.3);
  const ends = outward
    ? { from: several(dice, own), to: several(dice, () => (action === 'DENY' ? anybody() : cidrPeer(dice))) }
    : { from: several(dice, anybody), to: several(dice, own) };
  return {
    policyId: shuffledId('policy', number),
    tier: 'TENANT',
    tenant: space.tenant,
    namespaceId: space.namespaceId,
    revision: 1,
    definition: {
      action,
      priority: dice.of([0, 500, 500, 1000]),
      ...ends,
      traffic: someTraffic(dice),
      log: dice.chance(0.2),
    },
  };
}

function platformPolicy(dice: Dice, number: number): CompiledPolicy {
  const peer = (): CompiledPeer => {
    if (dice.chance(0.4)) return { kind: 'TENANT', tenantId: dice.of(tenants) };
    return dice.chance(0.4) ? cidrPeer(dice) : { kind: 'ALL' };
  };
  const action = dice.chance(0.7) ? 'DENY' : 'ALLOW';
  return {
    policyId: shuffledId('platformPolicy', number),
    tier: 'PLATFORM',
    tenant: null,
    namespaceId: null,
    revision: 1,
    definition: {
      action,
      priority: dice.of([0, 500]),
      from: several(dice, peer),
      to: several(dice, peer),
      traffic: [{ protocol: dice.of(['TCP', 'UDP']), from: dice.of([79, 80]), to: dice.of([80, 443]) }],
      log: false,
    },
  };
}

/** Nearly everything to one namespace, so that denials before it have something to deny. */
function broadPolicy(dice: Dice, number: number): CompiledPolicy {
  const { tenant, namespaceId, environmentId }: Space = dice.of(spaces);
  const everybody: CompiledPeer[] = ['0.0.0.0/0', '::/0'].map((cidr) => ({ kind: 'CIDR', cidr, except: [] }));
  const near: CompiledPeer = dice.chance(0.5)
    ? { kind: 'ENVIRONMENT', environmentId, labels: {} }
    : { kind: 'INSTANCES', namespaceId, labels: {} };
  return {
    ...{ policyId: shuffledId('policy', number), tier: 'TENANT', tenant, namespaceId, revision: 1 },
    definition: {
      ...{ action: 'ALLOW', priority: 1000, log: false, traffic: [] },
      from: [near, ...everybody],
      to: [{ kind: 'INSTANCES', namespaceId, labels: {} }],
    },
  };
}

const somePolicy = (dice: Dice, number: number, services: readonly CompiledService[]): CompiledPolicy =>
  dice.chance(0.15)
    ? platformPolicy(dice, number)
    : dice.chance(0.15)
      ? broadPolicy(dice, number)
      : tenantPolicy(dice, number, services);

export const instancesOf = (node: number) => {
  const subnets = places[node] ?? [];
  return subnets.map((subnet, index) => endpointAt(fixedId('instance', node * 10 + index), subnet, node + 2));
};

function someEndpoint(dice: Dice, nodeId: Id<'node'>, node: number, index: number): CompiledEndpoint {
  const subnet = places[node]?.[index] ?? 0;
  const space = spaces.find(({ subnets }) => subnets.some((one) => one === subnet));
  const end = instancesOf(node)[index];
  if (space === undefined || end === undefined) throw new Error('every place is in a namespace');
  const { instanceId, ipv4, ipv6 } = end;
  const { tenant, namespaceId, environmentId } = space;
  const subnetId = fixedId('subnet', subnet);
  return {
    instanceId,
    tenant,
    namespaceId,
    environmentId,
    subnetId,
    nodeId,
    ipv4,
    ipv6,
    labels: someLabels(dice),
    isolated: false,
  };
}

export function firstWorld(dice: Dice, nodes: readonly Id<'node'>[]): World {
  const services = spaces.map(
    ({ tenant, namespaceId }, index): CompiledService => ({
      ...{ serviceId: fixedId('service', index), tenant, namespaceId },
      labels: wantedLabels(dice),
    }),
  );
  const namespaces = spaces.map(
    ({ tenant, namespaceId, subnets }): CompiledNamespace => ({
      ...{ tenant, namespaceId, level: dice.of(['NAMESPACE', 'SUBNET', 'RULE', 'HOST']) },
      subnetIds: subnets.map((subnet) => fixedId('subnet', subnet)),
    }),
  );
  const count = dice.number(10);
  const endpoints = nodes.flatMap((id, node) =>
    (places[node] ?? []).map((_, index) => someEndpoint(dice, id, node, index)),
  );
  return {
    endpoints,
    exposed: someExposed(dice, services, ports),
    mapped: someMapped(dice, endpoints, nodes.length, ports),
    idle: someIdle(dice, endpoints),
    policies: Array.from({ length: count }, (_, index) => somePolicy(dice, index + 1, services)),
    namespaces,
    services,
    nextPolicy: count + 1,
  };
}

const without = <T>(list: readonly T[], one: T): T[] => list.filter((other) => other !== one);
const replaced = <T>(list: readonly T[], one: T, by: T): T[] => list.map((other) => (other === one ? by : other));

/** One thing that somebody does. */
export function nextWorld(dice: Dice, world: World): World {
  const { policies, endpoints, namespaces, services, nextPolicy } = world;
  const act = dice.number(12);
  if (act < 3 && policies.length < 14) {
    return { ...world, policies: [...policies, somePolicy(dice, nextPolicy, services)], nextPolicy: nextPolicy + 1 };
  }
  if (act < 5 && policies.length > 0) return { ...world, policies: without(policies, dice.of(policies)) };
  if (act < 7 && policies.length > 0) {
    const old = dice.of(policies);
    const fresh = old.tier === 'PLATFORM' ? platformPolicy(dice, 1) : tenantPolicy(dice, 1, services);
    const same = old.tier === 'PLATFORM' || old.namespaceId === fresh.namespaceId;
    const definition = same ? fresh.definition : { ...old.definition, priority: fresh.definition.priority };
    return { ...world, policies: replaced(policies, old, { ...old, revision: old.revision + 1, definition }) };
  }
  if (act < 8) {
    const old = dice.of(endpoints);
    return { ...world, endpoints: replaced(endpoints, old, { ...old, labels: someLabels(dice) }) };
  }
  if (act < 9) {
    const old = dice.of(namespaces);
    return {
      ...world,
      namespaces: replaced(namespaces, old, { ...old, level: dice.of(['NAMESPACE', 'SUBNET', 'RULE', 'HOST']) }),
    };
  }
  if (act === 10) return { ...world, idle: someIdle(dice, endpoints) };
  if (act === 11) return { ...world, mapped: someMapped(dice, endpoints, places.length, ports) };
  if (dice.chance(0.5)) {
    const old = dice.of(services);
    return { ...world, services: replaced(services, old, { ...old, labels: wantedLabels(dice) }) };
  }
  // A tenant is suspended, or no longer.
  const tenant = dice.of(tenants);
  const isolated = dice.chance(0.3);
  return { ...world, endpoints: endpoints.map((one) => (one.tenant === tenant ? { ...one, isolated } : one)) };
}
