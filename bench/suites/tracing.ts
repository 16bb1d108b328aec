/**
 * What recording traces costs: the same mutations on three platforms that take turns, without tracing, with one trace in a
 * hundred recorded, and with all. The platform's own receiver keeps the spans, on the same machine.
 */
import { readFileSync } from 'node:fs';
import { documents } from '@atoll/sdk/generated/documents';
import { newTenant, tokenOf } from '@atoll/test/platform/clients';
import { Platform } from '@atoll/test/platform/platform';
import { Generator } from '../load/generator.ts';
import { type Row, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const CONNECTIONS = 16;
const SECONDS = 3;
const ROUNDS = { short: 6, long: 20 };
/** Those on the way of a mutation that make spans. */
const PROCESSES = ['gateway', 'tenancy'];

const settings = [
  { name: 'off', args: [], env: {} },
  {
    name: '1 % recorded',
    args: ['--traces'],
    env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
  },
  { name: 'all recorded', args: ['--traces'], env: {} },
] as const;

/** Processor time that a process has taken so far, in ms (proc(5): fields 14 and 15, in hundredths of a second). */
function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function open({ name, args, env }: (typeof settings)[number], generator: Generator) {
  const platform = await Platform.start({ args: ['--no-node', ...args], env: { ATOLL_RUNTIME: 'simulated', ...env } });
  const { ready } = platform;
  const { credentials } = await newTenant(ready);
  const { origin, pathname: path } = new URL(ready.graphqlUrl);
  const target = {
    origin,
    path,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf(ready, credentials)}` },
    body: JSON.stringify({
      query: documents.createEnvironment.text,
      variables: { input: { idempotencyKey: 't-{{n}}', name: 't-{{n}}', kind: 'TEST' } },
    }),
    expected: '"userErrors":[]',
  };
  const spent = () => PROCESSES.reduce((sum, process) => sum + processorMs(platform.pidOf(process)), 0);
  const perSecond: number[] = [];
  const processorEach: number[] = [];
  return {
    ...{ name, perSecond, processorEach },
    async turn(seconds: number, counts: boolean) {
      const before = spent();
      const outcome = await generator.http({ target, connections: CONNECTIONS, seconds });
      if (!counts) return;
      perSecond.push(outcome.perSecond);
      processorEach.push((spent() - before) / (outcome.perSecond * seconds));
    },
    stop: () => platform.discard(),
  };
}

export const tracing: Suite = {
  name: 'tracing',
  bed: false,
  async run({ long }) {
    const generator = new Generator();
    const beds: Awaited<ReturnType<typeof open>>[] = [];
    try {
      for (const setting of settings) beds.push(await open(setting, generator));
      for (const bed of beds) await bed.turn(SECONDS, false);
      for (let round = 0; round < (long ? ROUNDS.long : ROUNDS.short); round++) {
        for (const bed of beds) await bed.turn(SECONDS, true);
      }
      const [off, ...recorded] = beds;
      if (off === undefined) return [];
      return recorded.flatMap(({ name, perSecond, processorEach }): Row[] => [
        rounds(`createEnvironment, ${CONNECTIONS} connections, ${name}: throughput`, perSecond, 'mutations/s', {
          name: off.name,
          values: off.perSecond,
        }),
        rounds(`${name}: processor time of gateway and service`, processorEach, 'ms/mutation', {
          name: off.name,
          values: off.processorEach,
        }),
      ]);
    } finally {
      generator.stop();
      for (const bed of beds) await bed.stop();
    }
  },
};
