/**
 * What the audit costs: the same mutations on two platforms that take turns, one as it always is, one whose gateway
 * records no requests and keeps no history.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { documents } from '@atoll/sdk/generated/documents';
import { newTenant, tokenOf } from '@atoll/test/platform/clients';
import { Platform } from '@atoll/test/platform/platform';
import { Generator } from '../load/generator.ts';
import { type Row, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const CONNECTIONS = 32;
const SECONDS = 4;
const ROUNDS = { short: 6, long: 20 };
/** Those on the way of a mutation and its event. */
const PROCESSES = ['gateway', 'tenancy', 'nats', 'postgres'];

const settings = [
  { name: 'without', env: { ATOLL_AUDIT: 'off-to-measure' } },
  { name: 'with', env: {} },
] as const;

interface Stat {
  readonly parent: number;
  /** In ms, of the process and of its children that have ended. */
  readonly spent: number;
}

/** proc(5): field 4, and fields 14 to 17, in hundredths of a second. Null where it has gone. */
function statOf(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
    return { parent: Number(fields[1]), spent: ticks * 10 };
  } catch {
    return null;
  }
}

/** Processor time of the processes and their children (PostgreSQL has one for each connection) so far, in ms. */
function processorMs(pids: readonly number[]): number {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.reduce((sum, name) => {
    const stat = statOf(Number(name));
    const counts = stat !== null && (pids.includes(Number(name)) || pids.includes(stat.parent));
    return counts ? sum + stat.spent : sum;
  }, 0);
}

async function open({ name, env }: (typeof settings)[number], generator: Generator) {
  const platform = await Platform.start({ args: ['--no-node'], env: { ATOLL_RUNTIME: 'simulated', ...env } });
  const { ready } = platform;
  const { credentials } = await newTenant(ready);
  const { origin, pathname: path } = new URL(ready.graphqlUrl);
  const target = {
    origin,
    path,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf(ready, credentials)}` },
    body: JSON.stringify({
      query: documents.createEnvironment.text,
      variables: { input: { idempotencyKey: 'a-{{n}}', name: 'a-{{n}}', kind: 'TEST' } },
    }),
    expected: '"userErrors":[]',
  };
  const pids = PROCESSES.map((process) => platform.pidOf(process));
  const spent = () => processorMs(pids);
  const perSecond: number[] = [];
  const p50: number[] = [];
  const processorEach: number[] = [];
  return {
    ...{ name, perSecond, p50, processorEach },
    async turn(counts: boolean) {
      const before = spent();
      const outcome = await generator.http({ target, connections: CONNECTIONS, seconds: SECONDS });
      if (!counts) return;
      perSecond.push(outcome.perSecond);
      p50.push(outcome.p50);
      processorEach.push((spent() - before) / (outcome.perSecond * SECONDS));
    },
    stop: () => platform.discard(),
  };
}

export const audit: Suite = {
  name: 'audit',
  bed: false,
  async run({ long }) {
    const generator = new Generator();
    const beds: Awaited<ReturnType<typeof open>>[] = [];
    try {
      for (const setting of settings) beds.push(await open(setting, generator));
      for (const bed of beds) await bed.turn(false);
      for (let round = 0; round < (long ? ROUNDS.long : ROUNDS.short); round++) {
        for (const bed of beds) await bed.turn(true);
      }
      const [off, on] = beds;
      if (off === undefined || on === undefined) return [];
      const of = `createEnvironment, ${CONNECTIONS} connections, with audit`;
      return [
        rounds(`${of}: throughput`, on.perSecond, 'mutations/s', { name: off.name, values: off.perSecond }),
        rounds(`${of}: p50`, on.p50, 'ms', { name: off.name, values: off.p50 }),
        rounds('with audit: processor time of gateway, service, NATS and PostgreSQL', on.processorEach, 'ms/mutation', {
          name: off.name,
          values: off.processorEach,
        }),
      ] satisfies Row[];
    } finally {
      generator.stop();
      for (const bed of beds) await bed.stop();
    }
  },
};
