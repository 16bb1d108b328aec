/**
 * One policy's change with 10,000 rules on its node, from the mutation at the gateway until the node has it in force and the
 * receipt is there: the whole platform as `npm start` runs it, and a real agent with real iptables in a network namespace of the
 * bench's own. As root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Atoll } from '@atoll/sdk/client';
import { AtollUserError } from '@atoll/sdk/errors';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { newTenant } from '@atoll/test/platform/clients';
import { Platform } from '@atoll/test/platform/platform';
import { waitFor } from '@atoll/test/platform/waiting';
import { push, small, steady } from '@atoll/test/platform/workloads';
import type { Mark, Moment } from '../network/marks.ts';
import { makeNamespace } from '../network/netns.ts';
import { aimed, beside, type Row, row } from '../results.ts';
import { percentile } from '../statistics.ts';
import type { Suite } from './suite.ts';

/** 50 × 10 policies × 10 ports, at both ends: 10,000 rules. */
const NAMESPACES = 50;
const POLICIES = 10;
const PORTS = 10;
const AIM_MS = 150;
const AT_ONCE = 8;
const PATIENCE_MS = 60_000;

const now = () => performance.timeOrigin + performance.now();

async function inRows<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}

const ports = (first: number) =>
  Array.from({ length: PORTS }, (_, n) => ({ protocol: 'TCP' as const, from: first + 10 * n, to: first + 10 * n + 1 }));

/** Answers with policies, and the namespace of each. */
async function build(admin: Atoll, image: string): Promise<{ policyId: string; namespaceId: string }[]> {
  const policies: { policyId: string; namespaceId: string }[] = [];
  const { environment } = await admin.mutate.createEnvironment({ name: 'bench', kind: 'TEST' });
  await inRows(
    Array.from({ length: NAMESPACES }, (_, n) => n),
    async (n) => {
      const { namespace } = await admin.mutate.createNamespace({ environmentId: environment.id, name: `n${n}` });
      await waitFor(`namespace ${n} is ACTIVE`, PATIENCE_MS, async () =>
        (await admin.query.namespace({ id: namespace.id }))?.status === 'ACTIVE' ? true : undefined,
      );
      for (let policy = 0; policy < POLICIES; policy++) {
        const { isolationPolicy } = await admin.mutate.createIsolationPolicy({
          ...{ namespaceId: namespace.id, name: `p${policy}`, toLabels: [], from: { labels: [] } },
          ports: ports(1000 + 1000 * policy),
        });
        policies.push({ policyId: isolationPolicy.id, namespaceId: namespace.id });
      }
      const wanted = { ...small, namespaceId: namespace.id, name: 'web', image, replicas: 1 };
      // The node may not have said yet that it is there.
      const { deployment } = await waitFor(`room for deployment ${n}`, PATIENCE_MS, () =>
        admin.mutate.createDeployment(wanted).catch((error: unknown) => {
          if (error instanceof AtollUserError && error.code === 'INSUFFICIENT_CAPACITY') return undefined;
          throw error;
        }),
      );
      await steady(admin, deployment.id);
    },
  );
  return policies;
}

/** Ticks of the processor that a process has had, in milliseconds: its user and system time. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const parts = ['committed', 'compiled', 'pulled', 'enforced', 'receipt', 'answered'] as const;
type Part = (typeof parts)[number];
type Times = { readonly [P in Part]: number };

/** What is heard of one change, from all who take part in it. */
function createWatch() {
  let heard = new Map<string, number>();
  let rouse = () => {};
  return {
    begin() {
      heard = new Map();
    },
    /** The first of each. */
    hear(what: string, at: number) {
      if (!heard.has(what)) heard.set(what, at);
      rouse();
    },
    async until(...all: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const deadline = Date.now() + PATIENCE_MS;
      while (!all.every((what) => heard.has(what))) {
        if (Date.now() > deadline) throw new Error(`Of ${all} only ${[...heard.keys()]} came.`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 1000);
          rouse = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return heard;
    },
  };
}

function startNode(options: { natsUrl: string; nodeId: string; stateDir: string; netns: string }): ChildProcess {
  const { natsUrl, nodeId, stateDir, netns } = options;
  return spawn(process.execPath, [fileURLToPath(new URL('../network/agent.ts', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ATOLL_NATS_URL: natsUrl,
      ATOLL_NODE_ID: nodeId,
      ATOLL_NODE_NAME: 'bench',
      ATOLL_NODE_NETNS: netns,
      ATOLL_STATE_DIR: stateDir,
      ATOLL_RUNTIME: 'simulated',
      ATOLL_CPU_MILLIS: '64000',
      ATOLL_MEMORY_MIB: '65536',
      ATOLL_LOG_LEVEL: 'warn',
    },
  });
}

async function measure(times: number): Promise<Row[]> {
  const stateDir = mkdtempSync(join(tmpdir(), 'atoll-bench-'));
  const netns = await makeNamespace();
  const platform = await Platform.start({ args: ['--no-node'], env: { ATOLL_RUNTIME: 'simulated' } });
  const { ready } = platform;
  const nodeId = newId('node');
  const nc = await connectNats({ url: ready.natsUrl, name: 'bench', log: createLogger('bench') });
  const watch = createWatch();
  nc.subscribe(nodeSubjects.wake(nodeId), { callback: () => watch.hear('compiled', now()) });
  nc.subscribe('evt.network.>', {
    callback(_, message) {
      const event = message.json<{ type: string; time: string }>();
      const at = now();
      if (/IsolationPolicyUpdated/.test(JSON.stringify(event.type))) watch.hear('committed', at);
      if (/PolicyEnforced/.test(JSON.stringify(event.type))) watch.hear('receipt', at);
    },
  });
  const node = startNode({ natsUrl: ready.natsUrl, nodeId, stateDir, netns: netns.path });
  const moments: Readonly<Record<Moment, string>> = { begun: 'pulled', enforced: 'enforced', cut: 'cut' };
  node.on('message', (mark: Mark) => watch.hear(moments[mark.moment], mark.at));
  try {
    const { admin } = await newTenant(ready, { namespaces: 200, instances: 500, cpuMillis: 64_000, memoryMiB: 65_536 });
    const policies = await build(admin, await push(ready, '1'));
    const all: Times[] = [];
    const pids = new Map<string, number>(ready.processes.map(({ name, pid }) => [name, pid]));
    if (node.pid !== undefined) pids.set('agent', node.pid);
    const cpu = () => new Map([...pids].map(([name, pid]) => [name, cpuOf(pid)]));
    let before = cpu();
    // The first ones warm up: all of it runs for days.
    const warm = 20;
    for (let round = 0; round < times + warm; round++) {
      if (round === warm) before = cpu();
      const { policyId } = policies[(round * 37) % policies.length] ?? { policyId: '' };
      watch.begin();
      const begun = now();
      const answered = admin.mutate
        .updateIsolationPolicy({ policyId, toLabels: [], from: { labels: [] }, ports: ports(20_000 + round * 7) })
        .then(now);
      const heard = await watch.until('committed', 'compiled', 'pulled', 'enforced', 'cut', 'receipt');
      const after = (what: string) => (heard.get(what) ?? Number.NaN) - begun;
      const moment = {
        ...{ committed: after('committed'), compiled: after('compiled'), pulled: after('pulled') },
        ...{ enforced: after('enforced'), receipt: after('receipt'), answered: (await answered) - begun },
      };
      if (round >= warm) all.push(moment);
    }
    const spent = cpu();
    const of = (part: Part) => all.map((one) => one[part]);
    const step = (to: Part, from: Part) => all.map((one) => one[to] - one[from]);
    const whole = 'one policy, beside 10,000 rules on the node: mutation to enforced';
    return [
      row(`${whole}, p50`, percentile(of('enforced'), 0.5), 'ms'),
      aimed(beside(`${whole}, p99`, percentile(of('enforced'), 0.99), 'ms', 'aim', AIM_MS), { atMost: 1 }),
      row('mutation to its event at a subscriber: p50', percentile(of('committed'), 0.5), 'ms'),
      row('commit to rules compiled: p50', percentile(step('compiled', 'committed'), 0.5), 'ms'),
      row('compiled to pulled, checked and on disk: p50', percentile(step('pulled', 'compiled'), 0.5), 'ms'),
      row('pulled to enforced: p50', percentile(step('enforced', 'pulled'), 0.5), 'ms'),
      row('enforced to its receipt: p50', percentile(step('receipt', 'enforced'), 0.5), 'ms'),
      row('mutation to its answer: p50', percentile(of('answered'), 0.5), 'ms'),
      row('mutation to its receipt: p99', percentile(of('receipt'), 0.99), 'ms'),
      ...[...spent].flatMap(([name, ms]) => {
        const each = (ms - (before.get(name) ?? ms)) / times;
        return each < 0.5 ? [] : [row(`processor time of ${name}, for each change`, each, 'ms of CPU')];
      }),
    ];
  } finally {
    node.kill('SIGTERM');
    await once(node, 'exit');
    await nc.close();
    await platform.discard();
    await netns.remove();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

export const networkChange: Suite = {
  name: 'network-change',
  bed: false,
  run: ({ long }) => measure(long ? 400 : 100),
};
