/** Reads what the rules of policies have counted, adds it up, and keeps it on disk. */
import { join } from 'node:path';
import type { RuleSet } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { loadFile, saveFile } from '../disk.ts';
import type { ObservedRules } from '../plan/rules.ts';
import { Tally, tallyFile } from '../plan/tally.ts';
import { families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import type { NodeCommands } from '../sandbox/commands.ts';
import type { Counters } from './backend.ts';
import { observeCounts, observeRules } from './observe.ts';

const mostCounters = 10_000;
/** Questions that come together are answered by one reading. */
const freshMs = 1000;

export interface Counting {
  /** Everything that is in force, its counts noted. */
  look(): Promise<ObservedRules>;
  learn(rules: Pick<RuleSet, 'chains'>): Promise<void>;
  read(policies: ReadonlySet<string>): Promise<Counters>;
  leftOut(policies: ReadonlySet<string>): Promise<number>;
}

export function countRules(options: {
  commands: NodeCommands;
  names: NodeNames;
  stateDir?: string;
  log: Logger;
}): Counting {
  const { commands, names, stateDir, log } = options;
  const path = stateDir === undefined ? null : join(stateDir, 'counters.json');
  let opened: Promise<Tally> | undefined;
  const tally = () => {
    opened ??= (path === null ? Promise.resolve(null) : loadFile(path, tallyFile, log)).then(
      (last) => new Tally(names, last, new Date().toISOString()),
    );
    return opened;
  };
  /** Readings come one after the other: an older one after a newer would look as if chains had been written anew. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
  let readAt = { at: '', since: Number.NEGATIVE_INFINITY };

  async function note(counts: ReadonlyArray<Awaited<ReturnType<typeof observeCounts>>>): Promise<boolean> {
    const all = await tally();
    readAt = { at: new Date().toISOString(), since: performance.now() };
    return families.map((family, at) => all.note(family, counts[at] ?? new Map())).some(Boolean);
  }

  async function refresh(): Promise<void> {
    if (performance.now() - readAt.since <= freshMs) return;
    await note(await Promise.all(families.map((family) => observeCounts(commands, names, family))));
  }

  return {
    look: () =>
      inTurn(async () => {
        const observed = await observeRules(commands, names);
        const more = await note(families.map((family) => observed.tables[family].filter.counts));
        if (more && path !== null) await saveFile(path, (await tally()).file());
        return observed;
      }),
    async learn(rules) {
      (await tally()).learn(rules);
    },
    read: (policies) =>
      inTurn(async () => {
        await refresh();
        const all = await tally();
        const counters = all.of(policies);
        const truncated = counters.length > mostCounters;
        return { since: all.since, at: readAt.at, counters: counters.slice(0, mostCounters), truncated };
      }),
    leftOut: (policies) =>
      inTurn(async () => {
        await refresh();
        return (await tally()).leftOut(policies);
      }),
  };
}
