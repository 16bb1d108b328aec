/** Commands that keep coming while something is broken, each with its outcome as its caller knows it. */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { type BankCommand, bank } from '@atoll/events/testing/bank';
import { PLATFORM } from '@atoll/schema/ids';
import { type Called, combine, type Outcome } from './oracle/outcome.ts';
import { seeded } from './random.ts';

export interface Call extends Called {
  /** By `performance.now()`. */
  readonly beganAt: number;
  readonly endedAt: number;
}

interface Request {
  readonly stream: string;
  readonly command: BankCommand;
  /** Null: a command that nobody can repeat. */
  readonly key: string | null;
}

async function carryOut(store: EventStore, { stream, command, key }: Request): Promise<Outcome> {
  try {
    const outcome = await handleCommand(store, {
      decider: bank,
      stream,
      command,
      origin: { tenant: PLATFORM, actor: 'user:ann', cause: null, correlation: key ?? 'none', traceparent: null },
      ...(key === null ? {} : { idempotency: { key, request: command } }),
    });
    return outcome.ok ? { kind: 'ok', position: outcome.position } : { kind: 'fail', code: outcome.rejection.code };
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
export function startLoad(options: { stores: readonly EventStore[]; seed: number; first?: number }): Load {
  const random = seeded(options.seed);
  const calls: Call[] = [];
  let next = options.first ?? FIRST_CALL;
  let stopped = false;

  async function call(store: EventStore, caller: string): Promise<void> {
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
      const answer = await carryOut(store, { ...request, key });
      outcome = combine(outcome, answer);
      if (answer.kind !== 'unknown' || tries === 1) break;
    }
    if (outcome) calls.push({ id: owner, tenant: PLATFORM, key, outcome, beganAt, endedAt: performance.now() });
  }

  const callers = Array.from({ length: CALLERS }, async (_, index) => {
    const store = options.stores[index % options.stores.length];
    if (!store) throw new Error('There is nobody to ask.');
    const stream = `account:caller-${options.first ?? FIRST_CALL}-${index}`;
    const opening = { stream, command: { kind: 'open', owner: stream }, key: stream } as const;
    while ((await carryOut(store, opening)).kind !== 'ok' && !stopped);
    while (!stopped) {
      await call(store, stream);
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
