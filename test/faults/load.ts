/** Commands that keep coming while something is broken, each with its outcome as its caller knows it. */
import type { EventStore } from '@atoll/events/store';
import { handleCommand } from '@atoll/events/store';
import { type BankCommand, bank } from '@atoll/events/testing/bank';
import { PLATFORM } from '@atoll/schema/ids';
import { type Called, combine, type Outcome } from './oracle/outcome.ts';
import { seeded } from './random.ts';

export interface Call extends Called {
  /** By `performance.now()`. */
  readonly beganAt: number;
  readonly endedAt: number;
}

/** What one command came to. Rejects where the outcome isn't known. */
export type Ask = (call: {
  stream: string;
  command: BankCommand;
  /** Null: a command that nobody can repeat. */
  key: string | null;
}) => Promise<{ ok: boolean; position: number }>;

export const asking =
  (store: EventStore): Ask =>
  async ({ stream, command, key }) => {
    const outcome = await handleCommand(store, {
      decider: bank,
      stream,
      command,
      origin: { tenant: PLATFORM, actor: 'user:ann', cause: null, correlation: key ?? 'none', traceparent: null },
      ...(key === null ? {} : { idempotency: { key, request: command } }),
    });
    return { ok: outcome.ok, position: outcome.ok ? outcome.position : 0 };
  };

async function answerOf(ask: Ask, call: Parameters<Ask>[0]): Promise<Outcome> {
  try {
    const { ok, position } = await ask(call);
    return ok ? { kind: 'ok', position } : { kind: 'fail', code: 'REFUSED' };
  } catch (error) {
    return { kind: 'unknown', code: error instanceof Error ? error.message : String(error) };
  }
}

/** A move stands in the log by its number, as the amount; smaller ones are those of reactions. */
export const FIRST_CALL = 1000;
const CALLERS = 12;
/** Between the calls of one caller: some 200 commands in a second, all in all. */
const PAUSE_MS = 50;

export interface Load {
  readonly calls: readonly Call[];
  /** The first ok call that began after that moment (`performance.now()`), once there is one. */
  firstOkSince(moment: number): Call | undefined;
  /** Resolves when every call is answered, or has failed. */
  stop(): Promise<void>;
}

/** Most open accounts or move the caller's own; some want a name that is taken. A third comes without a key. */
export function startLoad(options: { asks: readonly Ask[]; seed: number; first?: number }): Load {
  const random = seeded(options.seed);
  const calls: Call[] = [];
  let next = options.first ?? FIRST_CALL;
  let stopped = false;

  async function call(ask: Ask, caller: string): Promise<void> {
    const number = next++;
    const owner = `call-${number}`;
    const choice = random();
    const taken: BankCommand = {
      kind: 'open',
      owner,
      claims: [{ op: 'take', kind: 'unique', set: 'name', key: 'only one', owner }],
    };
    const request =
      choice < 0.4
        ? { stream: `account:${number}`, command: { kind: 'open', owner } as const }
        : choice < 0.9
          ? { stream: caller, command: { kind: 'move', amount: number } as const }
          : { stream: `account:${number}`, command: taken };
    const beganAt = performance.now();
    const key = random() < 0.3 ? null : `key-${number}`;
    let outcome: Outcome | null = null;
    // Who doesn't know asks again with the same key: some do.
    for (let tries = key !== null && random() < 0.5 ? 2 : 1; tries > 0; tries--) {
      const answer = await answerOf(ask, { ...request, key });
      outcome = combine(outcome, answer);
      if (answer.kind !== 'unknown' || tries === 1) break;
    }
    if (outcome) calls.push({ id: owner, tenant: PLATFORM, key, outcome, beganAt, endedAt: performance.now() });
  }

  const callers = Array.from({ length: CALLERS }, async (_, index) => {
    const ask = options.asks[index % options.asks.length];
    if (!ask) throw new Error('There is nobody to ask.');
    const stream = `account:caller-${options.first ?? FIRST_CALL}-${index}`;
    const open = async () => {
      const owner = stream;
      for (;;) {
        try {
          return await ask({ stream, command: { kind: 'open', owner }, key: stream });
        } catch {
          if (stopped) return;
        }
      }
    };
    await open();
    while (!stopped) {
      await call(ask, stream);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + random())));
    }
  });

  return {
    calls,
    firstOkSince: (moment) => calls.find(({ outcome, beganAt }) => outcome.kind === 'ok' && beganAt >= moment),
    async stop() {
      stopped = true;
      await Promise.all(callers);
    },
  };
}
