/** Which fault comes when. The clock decides only where a run ends. */
import { seeded } from '../random.ts';

/** Any of them, by the seed: in turns of all of them in a shuffled order, so that none is forgotten in a short run. */
export function* drawn<T>(faults: readonly T[], seed: number): Generator<T, undefined> {
  const random = seeded(seed);
  for (;;) {
    const turn = faults.map((fault) => ({ fault, at: random() })).sort((a, b) => a.at - b.at);
    for (const { fault } of turn) yield fault;
  }
}

/** Each so often, in turns: a run that is ended early has had all of them equally often. */
export function* inTurn<T>(faults: readonly T[], times: number): Generator<T, undefined> {
  for (let time = 0; time < times; time++) yield* faults;
}
