/** The load itself: so many connections, each with one request at a time, for so long. Counts, and keeps every latency. */
import { Client } from 'undici';

export interface Target {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `{{n}}` in it becomes a number that no other request of the run has. */
  readonly body: string;
  /** What the body of each answer must have in it, to count as one. */
  readonly expected: string;
}

export interface Spec {
  readonly target: Target;
  readonly connections: number;
  readonly seconds: number;
}

export interface Outcome {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  /** Answers that were none, with the first of them. */
  readonly failures: number;
  readonly firstFailure: string | null;
}

const REQUEST_MS = 10_000;

export async function load({ target, connections, seconds }: Spec): Promise<Outcome> {
  const [before = '', ...rest] = target.body.split('{{n}}');
  const unique = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let made = 0;
  const body = () => {
    made += 1;
    return rest.length === 0 ? before : [before, ...rest].join(`${unique}${made.toString(36)}`);
  };

  const latencies: number[] = [];
  let failures = 0;
  let firstFailure: string | null = null;
  const end = performance.now() + seconds * 1000;
  const worker = async () => {
    const client = new Client(target.origin, { headersTimeout: REQUEST_MS, bodyTimeout: REQUEST_MS });
    try {
      while (performance.now() < end) {
        const began = performance.now();
        const answer = await client.request({
          path: target.path,
          method: 'POST',
          headers: target.headers,
          body: body(),
        });
        const text = await answer.body.text();
        latencies.push(performance.now() - began);
        if (answer.statusCode !== 200 || !text.includes(target.expected)) {
          failures += 1;
          firstFailure ??= `${answer.statusCode} ${text.slice(0, 500)}`;
        }
      }
    } finally {
      await client.close();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const took = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    perSecond: latencies.length / took,
    p50: at(0.5),
    p99: at(0.99),
    requests: latencies.length,
    failures,
    firstFailure,
  };
}
