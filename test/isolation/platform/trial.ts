/**
 * Policies by GraphQL mutations, through the real services to the agents of three nodes, tried with packets between containers:
 * what happens is what the API's own `reachability` says, and the model, which knows nothing but the policies.
 */
import { families } from '@atoll/agent/render/family';
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { CompiledPolicy, Intent } from '@atoll/network/compile/model';
import { id } from '@atoll/schema/ids';
import type { ReachabilityFragment } from '@atoll/sdk/generated/operations';
import { waitFor } from '../../platform/waiting.ts';
import { proveDoors } from '../campaigns/doors.ts';
import type { Probe } from '../lab/volley.ts';
import { isOpen } from '../model/policies.ts';
import { type Oracle, type Proof, prove } from '../proof.ts';
import type { Dice } from '../random.ts';
import type { Doors } from '../worlds/doors.ts';
import type { Cluster, RealParty, Space } from './cluster.ts';
import { drawPolicies } from './policies.ts';

const traffic = [
  { protocol: 'TCP', port: HTTP_PORT },
  { protocol: 'TCP', port: 80 },
  { protocol: 'UDP', port: 443 },
  { protocol: 'ICMP', port: 1 },
] as const;
type Traffic = (typeof traffic)[number];
const levels = ['NAMESPACE', 'SUBNET', 'RULE'] as const;
const deadlineMs = 60_000;

export interface Trial {
  /**
   * Other policies for all tenants, and the packets. `between` is done in the middle of the mutations; until it is over nothing
   * is expected. `convergedMs`: from then until all nodes have said that what is wanted is in force.
   */
  round(dice: Dice, between?: () => Promise<void>): Promise<Proof & { readonly convergedMs: number }>;
  /** Takes all policies of the last round away, and their levels. */
  clear(): Promise<void>;
}

export function openTrial({ spaces, parties }: Cluster): Trial {
  const inPlace = new Map<CompiledPolicy, Space>();
  const levelOf = new Map(spaces.map((space) => [space, 'RULE' as (typeof levels)[number]]));

  const ask = (from: RealParty, to: RealParty, { protocol, port }: Traffic): Promise<ReachabilityFragment> =>
    from.space.admin.query.reachability({
      ...{ from: from.endpoint.instanceId, protocol, port: protocol === 'ICMP' ? null : port },
      // Of others a tenant knows no id.
      to: to.space.tenant === from.space.tenant ? { id: to.endpoint.instanceId } : { address: to.ipv4 },
    });
  const pairs = parties.flatMap((from) => parties.filter((to) => to !== from).map((to) => ({ from, to })));

  async function remove(these: readonly (readonly [CompiledPolicy, Space])[]): Promise<void> {
    for (const [policy, { admin }] of these) {
      await admin.mutate.deleteIsolationPolicy({ policyId: policy.policyId });
      inPlace.delete(policy);
    }
  }

  async function setLevel(space: Space, level: (typeof levels)[number]): Promise<void> {
    levelOf.set(space, level);
    await space.admin.mutate.setNamespaceIsolation({ namespaceId: space.namespaceId, level });
  }

  async function replacePolicies(dice: Dice, between: () => Promise<void>): Promise<number> {
    const drawn = drawPolicies(dice, spaces, 4 + dice.number(5));
    const half = Math.floor(drawn.length / 2);
    const create = async (these: typeof drawn) => {
      for (const one of these) {
        const space = spaces[one.space];
        const { isolationPolicy } = (await space?.admin.mutate.createIsolationPolicy(one.input)) ?? {};
        if (space) inPlace.set(one.named(id('policy').parse(isolationPolicy?.id)), space);
      }
    };
    const old = [...inPlace];
    const split = Math.floor(old.length / 2);
    await remove(old.slice(0, split));
    await create(drawn.slice(0, half));
    await between();
    await remove(old.slice(split));
    await create(drawn.slice(half));
    for (const space of spaces) await setLevel(space, dice.of(levels));
    return performance.now();
  }

  function intent(): Intent & Doors {
    return {
      endpoints: parties.map((one) => one.endpoint),
      policies: [...inPlace.keys()],
      namespaces: spaces.map((space) => ({
        ...{ namespaceId: space.namespaceId, tenant: space.tenant, subnetIds: [space.subnetId] },
        level: levelOf.get(space) ?? 'RULE',
      })),
      services: spaces.map(({ service }) => service),
      exposed: spaces.map(({ exposed }) => exposed),
      ...{ mapped: [], idle: [] },
    };
  }

  return {
    async clear() {
      await remove([...inPlace]);
      for (const space of spaces) await setLevel(space, 'RULE');
    },
    async round(dice, between = async () => {}) {
      const changed = await replacePolicies(dice, between);
      await waitFor('what is wanted is in force on all nodes', deadlineMs, async () => {
        const all = await Promise.all(
          pairs.filter(({ from, to }) => from.space === to.space).map(({ from, to }) => ask(from, to, traffic[0])),
        );
        return all.every(({ inForce }) => inForce) ? true : undefined;
      });
      const convergedMs = performance.now() - changed;
      const said = new Map<string, boolean>();
      const keyOf = (from: string, to: string, { protocol, port }: Pick<Probe, 'protocol' | 'port'>, family: string) =>
        `${from} ${to} ${protocol} ${port} ${family}`;
      for (const one of traffic) {
        await Promise.all(
          pairs.map(async ({ from, to }) => {
            const { flows } = await ask(from, to, one);
            for (const { family, allowed } of flows) {
              said.set(keyOf(from.ipv4, to.ipv4, one, family.toLowerCase()), allowed);
            }
          }),
        );
      }
      const world = intent();
      const oracles: Readonly<Record<string, Oracle>> = {
        model: ({ source, destination, family, protocol, port }) =>
          isOpen(world, { source: source[family], destination: destination[family], protocol, port }),
        reachability: ({ source, destination, family, protocol, port }) =>
          said.get(keyOf(source.ipv4, destination.ipv4, { protocol, port }, family)) ?? false,
      };
      const probes = pairs.flatMap(({ from, to }) =>
        families.flatMap((family) => traffic.map((one): Probe => ({ ...one, source: from, destination: to, family }))),
      );
      const direct = await prove(probes, oracles);
      const doors = await proveDoors({ pods: parties, outside: [], nodes: [] }, world, oracles);
      return {
        probes: direct.probes + doors.probes,
        passed: direct.passed + doors.passed,
        mismatches: [...direct.mismatches, ...doors.mismatches],
        convergedMs,
      };
    },
  };
}
