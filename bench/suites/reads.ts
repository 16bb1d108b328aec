/**
 * "20 deployments of a namespace with their newest 3 instances", through the gateway and through a bare route with one
 * statement by hand: the same database, the same machine, taking turns, equal answers asserted.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { newTenant, type OwnTenant, tokenOf } from '@atoll/test/platform/clients';
import { newNamespace, push, steady } from '@atoll/test/platform/workloads';
import type { Outcome, Target } from '../load/http.ts';
import { beside, median } from '../results.ts';
import type { Bed, Suite } from './suite.ts';

const DEPLOYMENTS = 20;
const REPLICAS = 4;
const CONNECTIONS = 32;
const ROUNDS = 5;
const SECONDS = 4;
const AIM = 0.6;

const query = `query List($id: ID!) {
  namespace(id: $id) {
    deployments(first: ${DEPLOYMENTS}) {
      nodes {
        id name status replicas readyReplicas currentRelease { number image }
        instances(first: 3) { nodes { id status ipv4 createdAt } }
      }
    }
  }
}`;

async function fill({ platform }: Bed, { admin }: OwnTenant): Promise<string> {
  const image = await push(platform.ready, 'v1');
  const namespace = await newNamespace(admin, 'bench');
  const made = [];
  for (let n = 0; n < DEPLOYMENTS; n++) {
    const { deployment } = await admin.mutate.createDeployment({
      namespaceId: namespace.id,
      name: `web-${String(n).padStart(2, '0')}`,
      labels: [{ key: 'tier', value: 'web' }],
      image,
      replicas: REPLICAS,
      cpuMillis: 10,
      memoryMiB: 8,
    });
    made.push(deployment.id);
  }
  for (const id of made) await steady(admin, id);
  return namespace.id;
}

async function startBare(databaseUrl: string): Promise<{ readonly address: string; stop(): void }> {
  const child = fork(fileURLToPath(new URL('./bare.ts', import.meta.url)), [databaseUrl, '16']);
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { address: string }) => resolve(message.address));
    child.once('exit', (code) => reject(new Error(`the bare route ended with ${code}`)));
  });
  return { address, stop: () => child.disconnect() };
}

async function answerOf({ origin, path, headers, body }: Target): Promise<unknown> {
  const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body });
  return await response.json();
}

export const reads: Suite = {
  name: 'reads',
  bed: true,
  async run(bed) {
    const { ready } = bed.platform;
    const tenant = await newTenant(ready, {
      namespaces: 10,
      instances: 1_000,
      cpuMillis: 1_000_000,
      memoryMiB: 1_000_000,
    });
    const id = await fill(bed, tenant);
    const { origin, pathname: path } = new URL(ready.graphqlUrl);
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await tokenOf(ready, tenant.credentials)}`,
    };
    const body = JSON.stringify({ query, variables: { id } });
    const expected = '"web-19"';
    const bare = await startBare(ready.databaseUrl);
    try {
      const ours: Target = { origin, path, headers, body, expected };
      const other: Target = { origin: bare.address, path: '/list', headers, body, expected };
      const [left, right] = [await answerOf(ours), await answerOf(other)];
      if (!isDeepStrictEqual(left, right)) {
        throw new Error(
          `the answers differ:\n${JSON.stringify(left).slice(0, 2000)}\n${JSON.stringify(right).slice(0, 2000)}`,
        );
      }
      const run = (target: Target, seconds = SECONDS) =>
        bed.generator.http({ target, connections: CONNECTIONS, seconds });
      for (const target of [ours, other]) await run(target, 2);
      const rounds: { readonly ours: Outcome; readonly other: Outcome }[] = [];
      for (let n = 0; n < ROUNDS; n++) {
        // Who begins changes, so that what one leaves behind hits both.
        const first = await run(n % 2 === 0 ? ours : other);
        const second = await run(n % 2 === 0 ? other : ours);
        rounds.push(n % 2 === 0 ? { ours: first, other: second } : { ours: second, other: first });
      }
      const of = (pick: (round: { readonly ours: Outcome; readonly other: Outcome }) => number) =>
        median(rounds.map(pick));
      const ratio = of((r) => r.ours.perSecond / r.other.perSecond);
      return [
        beside(
          `20 deployments with their newest 3 instances, ${CONNECTIONS} connections`,
          of((r) => r.ours.perSecond),
          'reads/s',
          'bare Fastify route, one statement by hand',
          of((r) => r.other.perSecond),
          ratio,
        ),
        beside('the same, ratio', ratio, '', 'aim', AIM),
        beside(
          'the same, p50',
          of((r) => r.ours.p50),
          'ms',
          'bare route',
          of((r) => r.other.p50),
        ),
        beside(
          'the same, p99',
          of((r) => r.ours.p99),
          'ms',
          'bare route',
          of((r) => r.other.p99),
        ),
      ];
    } finally {
      bare.stop();
    }
  },
};
