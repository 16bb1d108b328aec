/** Faults of the surroundings, by name, as the seeded runner and the guarantee tests take them. */
import { eventStream } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import type { FaultProxy } from './proxy.ts';
import type { Fault } from './proxy-faults.ts';
import type { NatsHandle, ServerHandle } from './servers.ts';

export interface CatalogueEntry {
  readonly name: string;
  /** Needs to be root: mounts, processes of other users. */
  readonly needsRoot: boolean;
  /** Breaks something, and leaves it so. */
  inject(): Promise<void>;
  /** Everything is whole again when it resolves; it does no harm where nothing was broken. */
  heal(): Promise<void>;
}

/** `name` stands for the server in the entry's name. The server has stood still or is gone until healed. */
export const serverFaults = (name: string, server: ServerHandle): readonly CatalogueEntry[] => {
  let killed = false;
  return [
    {
      name: `${name} paused`,
      needsRoot: false,
      inject: async () => server.pause(),
      heal: async () => server.resume(),
    },
    {
      name: `${name} killed`,
      needsRoot: false,
      async inject() {
        await server.kill();
        killed = true;
      },
      async heal() {
        if (killed) await server.restart();
        killed = false;
      },
    },
  ];
};

export const proxyFault = (name: string, proxy: FaultProxy, ...faults: readonly Fault[]): CatalogueEntry => ({
  name,
  needsRoot: false,
  inject: () => proxy.set(...faults),
  heal: () => proxy.clear(),
});

/** The way to a server; `request` is a text that stands in what is cut with its answer swallowed. */
export const wayFaults = (name: string, proxy: FaultProxy, request: string): readonly CatalogueEntry[] => [
  proxyFault(
    `${name}: late and thin`,
    proxy,
    { kind: 'latency', ms: 20, jitterMs: 30 },
    { kind: 'bandwidth', bytesPerSecond: 2e6 },
  ),
  proxyFault(`${name}: cut every second`, proxy, { kind: 'cut-every', ms: 1000 }),
  proxyFault(`${name}: answers swallowed`, proxy, { kind: 'cut-requests', text: request, cut: 'after', share: 0.2 }),
  proxyFault(`${name}: cut when received`, proxy, { kind: 'cut-requests', text: request, cut: 'received', share: 0.2 }),
  proxyFault(`${name}: black hole`, proxy, { kind: 'black-hole' }),
  proxyFault(`${name}: answers into a black hole`, proxy, { kind: 'black-hole', direction: 'to-client' }),
  proxyFault(`${name}: refused`, proxy, { kind: 'refuse' }),
];

/** What becomes of the stream of a context. The copy of the store is from when the entry was made, or from the last heal. */
export const streamFaults = (
  nats: NatsHandle,
  nc: NatsConnection,
  context: 'deploy' | 'network' | 'tenancy',
): readonly CatalogueEntry[] => {
  const jsm = () => jetstreamManager(nc);
  const entry = (name: string, inject: () => Promise<unknown>): CatalogueEntry => ({
    name,
    needsRoot: false,
    async inject() {
      await inject();
    },
    heal: async () => {},
  });
  return [
    entry('the stream purged', async () => (await jsm()).streams.purge(eventStream(context))),
    entry('the stream deleted', async () => (await jsm()).streams.delete(eventStream(context))),
    entry('the store of NATS empty', () => nats.replaceStore('empty')),
    entry('the store of NATS replaced by an older copy', () => nats.replaceStore('copy')),
  ];
};

export function byName(entries: readonly CatalogueEntry[]): (name: string) => CatalogueEntry {
  const all = new Map(entries.map((entry) => [entry.name, entry]));
  return (name) => {
    const entry = all.get(name);
    if (!entry) throw new Error(`There is no fault "${name}", but ${[...all.keys()].join(', ')}.`);
    return entry;
  };
}
