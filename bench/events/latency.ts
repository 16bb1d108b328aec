/**
 * From a command to its durable effect in another process, by way of PostgreSQL and JetStream. Commands come by the
 * clock, and each is measured from when it was due: what waits because the platform stalls counts. At rising rates
 * until it can't follow, and then for a while at one rate, to see whether memory stays as it is.
 */
import { aimed, type Row, row } from '../results.ts';
import { growthOf, percentile } from '../statistics.ts';
import type { Suite } from '../suites/suite.ts';
import { type Contestant, startContestant } from './contestant.ts';
import type { EffectsTasks } from './contestants/effects.ts';
import type { Service } from './contestants/service.ts';
import { startServers } from './servers.ts';

const AIMED_RATE = 500;
const AIM_MS = 20;
const set = { kind: 'account', streams: 2000 };
/** It follows where so much of what was due is done while it was due. */
const FOLLOWS = 0.95;

interface Step {
  readonly perSecond: number;
  readonly done: number;
  readonly latencies: readonly number[];
  readonly answers: readonly number[];
  /** From the last due to the last effect, in ms. */
  readonly lag: number;
  readonly held: number;
  readonly memory: { readonly service: readonly number[]; readonly consumer: readonly number[] };
}

interface Parties {
  readonly service: Contestant<Service>;
  readonly effects: Contestant<EffectsTasks>;
}

async function step({ service, effects }: Parties, perSecond: number, seconds: number): Promise<Step> {
  const sent = await service.ask('load', { set, perSecond, seconds });
  const dueAt = new Map<number, number>();
  let last = 0;
  for (let n = 0; n < sent.due.length; n += 2) {
    const position = sent.due[n] ?? 0;
    dueAt.set(position, sent.due[n + 1] ?? 0);
    last = Math.max(last, position);
  }
  const { committed, memory } = await effects.ask('take', { position: last });
  const latencies: number[] = [];
  let end = 0;
  for (let n = 0; n < committed.length; n += 2) {
    const due = dueAt.get(committed[n] ?? 0);
    const at = committed[n + 1] ?? 0;
    if (due === undefined) continue;
    latencies.push(at - due);
    end = Math.max(end, at);
  }
  if (latencies.length !== dueAt.size) {
    throw new Error(`${dueAt.size} commands were answered, and ${latencies.length} effects committed.`);
  }
  const times = [...dueAt.values()];
  const first = percentile(times, 0);
  const lag = end - percentile(times, 1);
  return {
    perSecond,
    done: (latencies.length * 1000) / (end - first),
    latencies,
    answers: sent.answers,
    lag,
    held: sent.held,
    memory: { service: sent.memory, consumer: memory },
  };
}

function rowsOf({ perSecond, done, latencies, answers, lag, held }: Step): Row[] {
  const at = `at ${perSecond} commands/s`;
  return [
    row(`command to durable effect ${at}: p50`, percentile(latencies, 0.5), 'ms'),
    row(`command to durable effect ${at}: p99`, percentile(latencies, 0.99), 'ms'),
    row(`command to its answer ${at}: p99`, percentile(answers, 0.99), 'ms'),
    row(`effects ${at}${held > 0 ? ` (${held} commands held back)` : ''}`, done, 'a second'),
    row(`behind at the end ${at}`, lag, 'ms'),
  ];
}

export const latency: Suite = {
  name: 'events-latency',
  bed: false,
  async run({ long }) {
    const seconds = long ? 15 : 4;
    const rates = long ? [250, 500, 1000, 2000, 4000, 8000, 12_000, 16_000, 24_000] : [1000, 2000, 4000, 8000];
    const servers = await startServers();
    const env = { DATABASE_URL: await servers.database(), NATS_URL: servers.nats.url };
    const service = startContestant<Service>(new URL('./contestants/service.ts', import.meta.url), env);
    await service.ask('open', set);
    const effects = startContestant<EffectsTasks>(new URL('./contestants/effects.ts', import.meta.url), env);
    const parties = { service, effects };
    try {
      await step(parties, AIMED_RATE, 2);
      const rows: Row[] = [];
      const aim = await step(parties, AIMED_RATE, long ? 60 : 10);
      for (const one of rowsOf(aim)) {
        rows.push(
          one.metric.startsWith('command to durable effect') && one.metric.endsWith('p99')
            ? aimed(one, { atMost: AIM_MS })
            : one,
        );
      }
      let sustained = AIMED_RATE;
      for (const perSecond of rates) {
        const measured = await step(parties, perSecond, seconds);
        rows.push(...rowsOf(measured));
        if (measured.done < FOLLOWS * perSecond || measured.held > 0) break;
        sustained = perSecond;
      }
      rows.push(row('the highest rate that it followed', sustained, 'commands/s'));
      const steady = await step(parties, Math.max(AIMED_RATE, sustained / 2), long ? 180 : 10);
      for (const [who, samples] of Object.entries(steady.memory)) {
        rows.push(row(`memory of the ${who} after ${steady.latencies.length} commands`, samples.at(-1) ?? 0, 'MiB'));
        rows.push(aimed(row(`its growth over the second half`, growthOf(samples), ''), { atMost: 0.1 }));
      }
      return rows;
    } finally {
      await Promise.all([service.stop(), effects.stop()]);
      await servers.stop();
    }
  },
};
