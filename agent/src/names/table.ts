/**
 * What the node's name server knows: who asks, by source address, and the names of each one's environment. Pure. Written to a file by
 * the agent and read by the server, which goes on with the last one while the agent is away.
 */
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { z } from 'zod';

const port = z.strictObject({ name: z.string(), protocol: z.enum(['TCP', 'UDP']), port: z.number().int() });
const service = z.strictObject({ ipv4: z.ipv4(), ipv6: z.ipv6(), ports: z.array(port) });

export const namesTable = z.strictObject({
  zone: z.string(),
  /** By address: the view, and the asker's own namespace in it. */
  askers: z.record(z.string(), z.strictObject({ view: z.number().int(), namespace: z.string() })),
  /** By `<service>.<namespace>`. */
  views: z.array(z.strictObject({ namespaces: z.array(z.string()), services: z.record(z.string(), service) })),
  /** Endpoints of the node that see nothing: by address. */
  others: z.array(z.string()),
  /** Ranges of the platform's own addresses: no name outside of the zone leads there. */
  platform: z.array(z.string()),
});
export type NamesTable = z.infer<typeof namesTable>;
export type NamedService = z.infer<typeof service>;

export function namesTableOf({ rules, pools }: Pick<DesiredNetwork, 'rules' | 'pools'>): NamesTable {
  const { endpoints, names } = rules;
  const addresses = new Map(endpoints.map(({ instanceId, ipv4, ipv6 }) => [instanceId, [ipv4, ipv6]]));
  const askers: NamesTable['askers'] = {};
  const views = names.views.map((view, index) => {
    const services: Record<string, NamedService> = {};
    for (const { name: namespace, instances, services: told } of view.namespaces) {
      for (const id of instances) {
        for (const address of addresses.get(id) ?? []) askers[address] = { view: index, namespace };
      }
      for (const { name, ipv4, ipv6, ports } of told) services[`${name}.${namespace}`] = { ipv4, ipv6, ports };
    }
    return { namespaces: view.namespaces.map(({ name }) => name), services };
  });
  const others = endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => !(address in askers));
  const platform = [...new Set([...pools.ipv4, ...pools.ipv6, ...pools.services])];
  return { zone: names.zone, askers, views, others, platform };
}
