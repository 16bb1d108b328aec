/**
 * Refusals that anybody can cause as often as they like are counted: the first of a kind is told at once, those like it
 * that follow within a minute are told as one record with their number. So no one fills the log, and none is missing.
 */

export interface Counted {
  /** `scope`: whose log tells it. `tell` gets how many alike it tells of. It must not throw. */
  count(scope: string, kind: string, tell: (count: number) => Promise<void>): Promise<void>;
  /** Tells what is counted. */
  stop(): Promise<void>;
}

const windowMs = 60_000;
/** So many kinds are told apart in one log; further ones are told together, so that nobody hides another's. */
const maxKinds = 200;

interface Kind {
  count: number;
  tell: (count: number) => Promise<void>;
}

export function createCounted(): Counted {
  let logs = new Map<string, Map<string, Kind>>();

  async function tellAll(): Promise<void> {
    const ended = [...logs.values()].flatMap((kinds) => [...kinds.values()]);
    logs = new Map();
    for (const { count, tell } of ended) if (count > 0) await tell(count);
  }
  const timer = setInterval(() => void tellAll(), windowMs);
  timer.unref();

  return {
    async count(scope, name, tell) {
      const kinds = logs.get(scope) ?? new Map<string, Kind>();
      logs.set(scope, kinds);
      const key = kinds.has(name) || kinds.size < maxKinds ? name : '';
      const known = kinds.get(key);
      if (known) {
        known.count += 1;
        known.tell = tell;
        return;
      }
      kinds.set(key, { count: 0, tell });
      await tell(1);
    },
    async stop() {
      clearInterval(timer);
      await tellAll();
    },
  };
}
