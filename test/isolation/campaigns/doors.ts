/** Virtual addresses and public ports of a world, tried with packets: where each comes out, by whom, and who is refused. */
import { families } from '@atoll/agent/render/family';
import type { Intent } from '@atoll/network/compile/model';
import { addressKey } from '../lab/frames.ts';
import { type Knock, knockAll, type Opened, seenBy } from '../lab/knock.ts';
import type { Party } from '../lab/segment.ts';
import type { Probe } from '../lab/volley.ts';
import { type Asked, type Behind, behindDoor } from '../model/doors.ts';
import type { Oracle, Proof } from '../proof.ts';
import type { Doors } from '../worlds/doors.ts';

type Asking = Knock & { readonly asked: Asked };

/** Who knocks: pods at services, and whoever is outside at public ports, whose frames go to the node that answers for it. */
export interface Knockers {
  readonly pods: readonly Party[];
  readonly outside: readonly Party[];
  readonly nodes: readonly { readonly mac: Buffer }[];
}

function knocksOf(segment: Knockers, world: Intent & Doors): Asking[] {
  const services = world.exposed.flatMap(({ ipv4, ipv6, ports }, index) =>
    ports.flatMap(({ protocol, port }, place) =>
      segment.pods.flatMap((source) =>
        families.map(
          (family): Asking => ({
            ...{ source, family, protocol, port, hop: source.nextHop(source), number: index * 10 + place },
            ...{ name: `service ${index}`, address: { ipv4, ipv6 }[family] },
            asked: { kind: 'service', index, port: place },
          }),
        ),
      ),
    ),
  );
  const mappings = world.mapped.flatMap(({ address, protocol, port, node }, index) =>
    segment.outside.flatMap((source) =>
      families.flatMap((family): Asking[] => {
        const hop = segment.nodes[node]?.mac;
        if (hop === undefined) return [];
        return [
          {
            ...{ source, family, protocol, port, hop, number: 100 + index, address: address[family] },
            ...{ name: `public address ${node}`, asked: { kind: 'mapping', index } },
          },
        ];
      }),
    ),
  );
  return [...services, ...mappings];
}

/** Each oracle is asked about the instance behind the address, as if it had been spoken to itself. */
export async function proveDoors(
  segment: Knockers,
  world: Intent & Doors,
  oracles: Readonly<Record<string, Oracle>>,
): Promise<Proof> {
  const knocks = knocksOf(segment, world);
  const party = new Map(segment.pods.map((pod) => [pod.ipv4, pod] as const));

  /** To itself an instance is open. */
  function allowed(oracle: Oracle, { source, family, protocol }: Knock, { instance, port }: Behind): boolean {
    const destination = party.get(instance.ipv4);
    if (destination === undefined) return false;
    if (destination === source) return true;
    const probe: Probe = { source, destination, family, protocol, port };
    return oracle(probe);
  }
  const behind = new Map(knocks.map((knock) => [knock, behindDoor(world, knock.asked, knock.source[knock.family])]));
  const [first] = Object.values(oracles);
  const opens = (knock: Asking) => {
    const all = behind.get(knock) ?? [];
    return all.length > 0 && first !== undefined && all.every((one) => allowed(first, knock, one));
  };
  const outcomes = await knockAll(knocks, [...segment.pods, ...segment.outside], opens);

  function wrongWith(knock: Asking, { arrivals, answered }: Opened): string[] {
    const all = behind.get(knock) ?? [];
    const [arrival] = arrivals;
    if (arrivals.length > 1) return [`came out at ${arrivals.length} places`];
    return Object.entries(oracles).flatMap(([name, oracle]) => {
      const open = all.filter((one) => allowed(oracle, knock, one));
      if (arrival === undefined) {
        if (all.length > 0 && open.length === all.length) return [`came out nowhere, and ${name} lets it to all`];
        // Who has nothing behind it says so at once.
        return all.length === 0 && knock.protocol === 'TCP' && knock.asked.kind === 'service' && !answered
          ? ['is not refused']
          : [];
      }
      const place = open.find(
        ({ instance, port }) => addressKey(instance[knock.family]) === arrival.destination && port === arrival.port,
      );
      if (place === undefined) return [`came out at ${arrival.destination} ${arrival.port}, where ${name} lets it not`];
      if (arrival.source !== seenBy(knock, arrival.destination)) return [`was seen to come from ${arrival.source}`];
      return answered ? [] : ['came out, and its answer did not come back'];
    });
  }
  return {
    probes: knocks.length,
    passed: outcomes.filter(({ arrivals }) => arrivals.length > 0).length,
    mismatches: knocks.flatMap((knock, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return [];
      const { protocol, family, source, name, port } = knock;
      return wrongWith(knock, outcome).map(
        (wrong) => `${protocol} ${family} ${source.name} → ${name} port ${port}: ${wrong}`,
      );
    }),
  };
}
