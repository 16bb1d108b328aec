/**
 * The rule compiler alone: policies and endpoints of many namespaces over 500 nodes, told at once, and then single changes in
 * platforms of three sizes, in turns. By processor time: others on the machine don't count.
 */

import { type Compiler, createCompiler } from '@atoll/network/compile/compiler';
import type { CompiledEndpoint, CompiledPolicy } from '@atoll/network/compile/model';
import type { Id } from '@atoll/schema/ids';
import { inTurns } from '../events/in-turns.ts';
import { openTables } from '../network/sections.ts';
import { aimed, type Row, rounds, row } from '../results.ts';
import { percentile } from '../statistics.ts';
import type { Suite } from './suite.ts';

const NODES = 500;
const POLICIES = 2;
/** Ports of a policy: its rules. */
const PORTS = 5;
const ENDPOINTS = 4;
const CHANGES = 200;
/** Of the smaller ones of the platforms in tables. */
const SERVICES = 50;

const suffix = (n: number) => `01h455vb4pex5vs${String(n).padStart(11, '0')}`;
const namespaceOf = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;

function endpoint(namespace: number, n: number): CompiledEndpoint {
  const number = namespace * ENDPOINTS * 2 + n;
  return {
    instanceId: `ins_${suffix(number)}`,
    tenant: `ten_${suffix(namespace % 1000)}`,
    namespaceId: namespaceOf(namespace),
    environmentId: `env_${suffix(namespace % 2000)}`,
    subnetId: `sub_${suffix(namespace)}`,
    nodeId: `node_${suffix((namespace * 7 + n * 131) % NODES)}`,
    ipv4: `10.${64 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`,
    ipv6: `fd61:746f:6c6c:${(namespace & 0xffff).toString(16)}::${(n + 2).toString(16)}`,
    labels: { app: n % 2 === 0 ? 'web' : 'db' },
    isolated: false,
  };
}

function policy(namespace: number, n: number, revision: number): CompiledPolicy {
  const namespaceId = namespaceOf(namespace);
  return {
    policyId: `pol_${suffix(namespace * POLICIES + n)}`,
    tier: 'TENANT',
    tenant: `ten_${suffix(namespace % 1000)}`,
    namespaceId,
    revision,
    definition: {
      ...{ action: 'ALLOW', priority: 500, log: false },
      from: [{ kind: 'INSTANCES', namespaceId, labels: { app: n === 0 ? 'web' : 'db' } }],
      to: [{ kind: 'INSTANCES', namespaceId, labels: {} }],
      traffic: Array.from({ length: PORTS }, (_, port) => {
        const from = 1000 + 10 * port + (revision % 5);
        return { protocol: 'TCP', from, to: from } as const;
      }),
    },
  };
}

function platform(namespaces: number): Compiler {
  const compiler = createCompiler();
  for (let namespace = 0; namespace < namespaces; namespace++) {
    for (let n = 0; n < POLICIES; n++) compiler.policy(policy(namespace, n, 1).policyId, policy(namespace, n, 1));
    for (let n = 0; n < ENDPOINTS; n++) {
      const one = endpoint(namespace, n);
      compiler.endpoint(one.instanceId, one);
    }
  }
  compiler.take();
  return compiler;
}

/** Milliseconds of the processor. */
function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const memoryMiB = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

/** An endpoint that comes and goes, in another namespace each time: microseconds for one of both. */
function endpoints(compiler: Compiler, namespaces: number): number {
  const ms = processorMs(() => {
    for (let n = 0; n < CHANGES; n++) {
      const one = endpoint((n * 37) % namespaces, ENDPOINTS);
      compiler.endpoint(one.instanceId, one);
      compiler.take();
      compiler.endpoint(one.instanceId, null);
      compiler.take();
    }
  });
  return (ms * 1000) / (2 * CHANGES);
}

let revision = 1;
function policies(compiler: Compiler, namespaces: number): number {
  const ms = processorMs(() => {
    for (let n = 0; n < CHANGES; n++) {
      const one = policy((n * 37) % namespaces, n % POLICIES, ++revision);
      compiler.policy(one.policyId, one);
      compiler.take();
    }
  });
  return (ms * 1000) / CHANGES;
}

/** Milliseconds for one change, told to the tables of a real PostgreSQL; the same change among ten times as much of the rest. */
async function tables(long: boolean): Promise<Row[]> {
  const all = [await openTables(SERVICES * 10), await openTables(SERVICES)];
  try {
    const measure = (change: (of: (typeof all)[number]) => Promise<void>) =>
      inTurns(
        long ? 60 : 15,
        all.map((of) => async () => {
          const begun = performance.now();
          for (let n = 0; n < 10; n++) await change(of);
          return (performance.now() - begun) / 10;
        }),
      );
    const rowOf = async (metric: string, change: (of: (typeof all)[number]) => Promise<void>) => {
      await measure(change);
      const [many = [], few = []] = await measure(change);
      return aimed(rounds(metric, many, 'ms', { name: `among ${SERVICES}`, values: few }), { atMost: 1.3 });
    };
    const among = `told to the tables, among ${SERVICES * 10} services and policies`;
    return [
      await rowOf(`one policy changes, ${among}`, (of) => of.policyChanges()),
      await rowOf(`one endpoint serves or doesn't, ${among}`, (of) => of.servingTurns()),
    ];
  } finally {
    for (const of of all) await of.close();
  }
}

export const compile: Suite = {
  name: 'compile',
  bed: false,
  async run({ long }) {
    const sizes = [100, 1000, 10_000] as const;
    const before = memoryMiB();
    const compilers = new Map<number, Compiler>();
    const seconds: number[] = [];
    for (const size of sizes) {
      const ms = processorMs(() => compilers.set(size, platform(size)));
      seconds.push(ms / 1000);
    }
    const memory = memoryMiB() - before;
    const of = (size: number) => {
      const compiler = compilers.get(size);
      if (compiler === undefined) throw new Error(`There is none of ${size}.`);
      return compiler;
    };
    const count = long ? 75 : 25;
    const measure = (change: (compiler: Compiler, namespaces: number) => number) =>
      inTurns(
        count,
        sizes.map((size) => async () => change(of(size), size)),
      );
    // Once, so that none of them is the one that the machine learns by.
    await measure(endpoints);
    await measure(policies);
    const [fewE = [], , manyE = []] = await measure(endpoints);
    const [fewP = [], , manyP = []] = await measure(policies);
    const nodes = of(10_000).nodes();
    const rules = nodes.map((node) =>
      of(10_000)
        .ruleSet(node)
        .chains.reduce((sum, chain) => sum + chain.rules.length, 0),
    );
    const rows: Row[] = [
      row('compile 10,000 namespaces, 100,000 rules, 40,000 endpoints over 500 nodes', seconds[2] ?? 0, 's of CPU'),
      row('the same for 1,000 namespaces', seconds[1] ?? 0, 's of CPU'),
      row('memory of all three platforms', memory, 'MiB'),
      row('rules of a node, with those of chains at both ends', percentile(rules, 0.5), 'rules'),
      aimed(
        rounds('one endpoint comes or goes among 10,000 namespaces', manyE, 'µs of CPU', {
          name: 'among 100',
          values: fewE,
        }),
        { atMost: 2 },
      ),
      aimed(
        rounds('one policy changes among 10,000 namespaces', manyP, 'µs of CPU', { name: 'among 100', values: fewP }),
        { atMost: 2 },
      ),
    ];
    return [...rows, ...(await tables(long))];
  },
};
