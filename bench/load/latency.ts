/** Commands at a steady rate on one side, the subscription on the other, on one clock: how long from the one to the other. */
import { createAtoll } from '@atoll/sdk/client';
import { isEvent } from '@atoll/sdk/events';

export interface LatencySpec {
  readonly url: string;
  readonly subscriptionsUrl: string;
  readonly token: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface LatencyOutcome {
  /** From the moment before the command is sent to the moment its event is at the subscriber, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** From sending to the answer of the mutation itself. */
  readonly answerP50: number;
  readonly answerP99: number;
  readonly commands: number;
  readonly perSecond: number;
}

const WARM_UP = 100;
const LATE_MS = 10_000;

export async function measureLatency(spec: LatencySpec): Promise<LatencyOutcome> {
  const atoll = createAtoll(spec);
  const sentAt = new Map<string, number>();
  const latencies = new Map<string, number>();
  const answers: number[] = [];
  const ended = new AbortController();
  const after = await atoll.query.eventCursor();
  const following = (async () => {
    for await (const event of atoll.events({ after, signal: ended.signal })) {
      if (!isEvent(event, 'tenancy.EnvironmentCreated')) continue;
      const { name } = event.data;
      const sent = sentAt.get(name);
      if (sent !== undefined) latencies.set(name, performance.now() - sent);
    }
  })();

  const total = WARM_UP + spec.perSecond * spec.seconds;
  const unique = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  const calls: Promise<unknown>[] = [];
  const began = performance.now();
  for (let n = 0; n < total; n++) {
    // By the clock, whatever the answers do: a slow platform doesn't get fewer commands.
    const due = began + (n * 1000) / spec.perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const name = `l-${unique}-${n}`;
    const sent = performance.now();
    sentAt.set(name, sent);
    calls.push(
      atoll.mutate.createEnvironment({ name, kind: 'TEST' }).then(() => {
        if (n >= WARM_UP) answers.push(performance.now() - sent);
      }),
    );
  }
  const took = (performance.now() - began) / 1000;
  await Promise.all(calls);
  const deadline = performance.now() + LATE_MS;
  while (latencies.size < total) {
    if (performance.now() > deadline) throw new Error(`${total - latencies.size} of ${total} events never came`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ended.abort();
  await following;
  const measured = [...sentAt.keys()].slice(WARM_UP).map((name) => latencies.get(name) ?? Number.NaN);
  measured.sort((a, b) => a - b);
  answers.sort((a, b) => a - b);
  const at = (all: readonly number[], share: number) =>
    all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN;
  return {
    p50: at(measured, 0.5),
    p99: at(measured, 0.99),
    max: measured.at(-1) ?? Number.NaN,
    answerP50: at(answers, 0.5),
    answerP99: at(answers, 0.99),
    commands: measured.length,
    perSecond: total / took,
  };
}
