/**
 * The rule set in the kernel. `ensure`: observe → plan → apply → observe. `change`: plan against what was left in the kernel →
 * apply. A process that dies in between leaves each table of each family as it was, or as it is to be; sets may have members of
 * both. The next start looks at everything.
 */
import { ExecError } from '@atoll/service/exec';
import type { Logger } from '@atoll/service/log';
import { type ChangePlan, type KernelState, planChange, stateOf } from '../plan/change.ts';
import { looksWhole } from '../plan/hold.ts';
import { hasNothing, isEmpty, type ObservedRules, planRemoval, planRules, type RulesPlan } from '../plan/rules.ts';
import { type Family, families, familyFacts } from '../render/family.ts';
import { type RuleIntent, RuleSetInvalid } from '../render/intent.ts';
import { publicAddresses } from '../render/mappings.ts';
import { adoptAliases, changeAlias } from '../render/memory.ts';
import type { NodeNames } from '../render/names.ts';
import { renderRules } from '../render/rules.ts';
import type { RenderedRules } from '../render/tables.ts';
import type { NodeCommands } from '../sandbox/commands.ts';
import { clearHost, ensureHost } from '../sandbox/host.ts';
import { createNeighbours } from '../sandbox/neighbours.ts';
import { ensureAnnounced } from '../sandbox/public.ts';
import { type Ensured, type Glance, type RuleBackend, RuleSetRejected } from './backend.ts';
import { cutForbidden } from './conntrack.ts';
import { countRules } from './counting.ts';
import { observeRules } from './observe.ts';
import { usingVariant } from './variant.ts';

/** Others may write at the same time (a resync, Docker): what the first round missed, the second takes. */
const rounds = 3;

/** Each can bring up another; what is left then is put in force one after the other, as it always was between two sets. */
const mostRenames = 8;

export function iptablesRules(options: {
  commands: NodeCommands;
  names: NodeNames;
  /** Where counts are kept; without it they begin anew with each process. */
  stateDir?: string;
  /** The interface to the outside; without it the node answers for no public IPv6 address. */
  publicInterface?: string | undefined;
  log: Logger;
}): RuleBackend {
  const { names, log } = options;
  const commands = usingVariant(options.commands, names, log);
  const counting = countRules({ ...options, commands });
  /** What this process has seen to be in the kernel, or put there since; null where it doesn't know. */
  let state: KernelState | null = null;
  /** Another one with whatever is written. */
  let version = 0;
  async function writing(work: () => Promise<void>): Promise<void> {
    version += 1;
    try {
      await work();
    } finally {
      version += 1;
    }
  }
  const glances = new WeakMap<Glance, ObservedRules>();
  /** What was made of the host beside rules. */
  let host: string | null = null;
  const neighbours = createNeighbours(commands, options.publicInterface ?? null, log);
  const hostOf = ({ pools, rules }: RuleIntent) =>
    JSON.stringify([
      pools?.ipv4,
      pools?.ipv6,
      pools?.services,
      families.map((family) => publicAddresses(rules.mappings, family)),
    ]);

  /** What changes together gets in force together. */
  function planRepair(intent: RuleIntent, observed: ObservedRules): { wanted: Rendered; next: RulesPlan } {
    for (let renames = 0; ; renames++) {
      const wanted = render(names, intent);
      const next = planRules(names, wanted, observed);
      if (next.together.length === 0 || renames === mostRenames) return { wanted, next };
      for (const set of next.together) changeAlias(names, set.family, set.name);
    }
  }

  let told = '';
  function tellHeld(held: readonly string[]): void {
    const said = held.join('; ');
    if (said !== '' && said !== told) {
      log.warn(
        { held: held.slice(0, 20), count: held.length },
        'rules of others lead into what is ours: it is wanted no more, and stays empty until these rules are gone',
      );
    }
    told = said;
  }

  /** Null: nothing of this node's is wanted. Resolves to what is in force. `seen`: what is there, where that is known. */
  async function settle(intent: RuleIntent | null, seen: ObservedRules | null): Promise<Settled> {
    for (let round = 1; ; round++) {
      const known = round === 1 ? seen : null;
      const observed = known ?? (await counting.look());
      const { wanted, next } =
        intent === null ? { wanted: null, next: planRemoval(names, observed) } : planRepair(intent, observed);
      tellHeld(next.held);
      if (isEmpty(next)) return { wanted, how: 'read back' };
      if (round > rounds) throw new Error(`the rules didn't take: ${next.differences.slice(0, 5).join('; ')}`);
      log.info({ differences: next.differences.slice(0, 20), count: next.differences.length }, 'changing rules');
      try {
        if (known !== null && next.onlyLeftOver) {
          // What nothing leads to goes in one step: changes wait for it.
          await writing(() => applyChange(commands, { before: [], restore: next.restore, after: next.retire }));
          return { wanted, how: 'read back' };
        }
        if (round === 1 && hasNothing(observed)) {
          // There is no last good one to keep, so nothing is tried first; what is refused leaves some, and goes the usual way.
          await writing(() => applyChange(commands, { before: next.prepare, restore: next.restore, after: [] }));
          return { wanted, how: 'written' };
        }
        await writing(() => apply(commands, next));
      } catch (error) {
        // What was looked at may have changed since: only what is refused twice is at fault itself.
        if (!(error instanceof RuleSetRejected) || round > 1) throw error;
      }
    }
  }

  /** Null where nobody can tell what differs without looking. */
  function plan(known: KernelState, intent: RuleIntent): ChangePlan | null {
    for (let renames = 0; ; renames++) {
      const planned = planChange(names, known, render(names, intent), renames < mostRenames);
      if (planned === null || !('sets' in planned)) return planned;
      for (const set of planned.sets) changeAlias(names, set.family, set.name);
    }
  }

  async function ensure(intent: RuleIntent, glance?: Glance): Promise<Ensured> {
    if (state === null) await adopt();
    state = null;
    const { wanted: inForce, how } = await settle(intent, glance?.isFresh() ? (glances.get(glance) ?? null) : null);
    // Only now: a node that has just booted forwards nothing before its rules are there.
    await ensureHost(
      commands,
      names,
      intent.pools,
      families.flatMap((family) => publicAddresses(intent.rules.mappings, family)),
    );
    await ensureAnnounced(commands, options.publicInterface ?? null, publicAddresses(intent.rules.mappings, 'ipv6'));
    neighbours.tell(families.flatMap((family) => publicAddresses(intent.rules.mappings, family)));
    host = hostOf(intent);
    state = inForce && stateOf(inForce);
    await counting.learn(intent.rules);
    return how;
  }

  async function adopt(): Promise<void> {
    const { stdout } = await commands.run('ipset', ['list', '-n']);
    const present = new Set(stdout.split('\n').filter((name) => name.startsWith(names.prefix)));
    adoptAliases(names, present);
  }

  return {
    ensure,
    async look() {
      const [at, before] = [performance.now(), version];
      const glance = { at, isFresh: () => version === before };
      glances.set(glance, await counting.look());
      return glance;
    },
    async change(intent) {
      const known = state;
      state = null;
      const next = known === null || host !== hostOf(intent) ? null : plan(known, intent);
      if (next === null) return void (await ensure(intent));
      try {
        if (next.before.length + next.after.length + next.size > 0) await writing(() => applyChange(commands, next));
      } catch (error) {
        log.warn({ err: error }, 'a change was refused; looking at everything');
        return void (await ensure(intent));
      }
      state = next.state;
      await counting.learn(intent.rules);
      if (next.size > 0) log.debug({ size: next.size }, 'changed rules');
    },
    async hold() {
      return looksWhole(await observeRules(commands, names));
    },
    counters: counting.read,
    leftOut: counting.leftOut,
    cut: (previous, next) => cutForbidden({ commands, log }, previous, next),
    async clear() {
      state = null;
      await settle(null, null);
      await ensureAnnounced(commands, options.publicInterface ?? null, []);
      await clearHost(commands, names);
    },
  };
}

type Rendered = Readonly<Record<Family, RenderedRules>>;
interface Settled {
  readonly wanted: Rendered | null;
  readonly how: Ensured;
}

function render(names: NodeNames, intent: RuleIntent): Rendered {
  try {
    return { ipv4: renderRules(names, intent, 'ipv4'), ipv6: renderRules(names, intent, 'ipv6') };
  } catch (error) {
    if (error instanceof RuleSetInvalid) throw new RuleSetRejected(error.message, { cause: error });
    throw error;
  }
}

async function apply(commands: NodeCommands, plan: RulesPlan): Promise<void> {
  await ipset(commands, plan.prepare);
  // What the kernel's tools refuse is found before anything in force is touched, in either family.
  for (const family of families) await restore(commands, family, plan.restore[family], ['--test']);
  await ipset(commands, plan.swap);
  for (const family of families) await restore(commands, family, plan.restore[family], []);
  await ipset(commands, plan.retire);
}

async function applyChange(
  commands: NodeCommands,
  plan: Pick<ChangePlan, 'before' | 'restore' | 'after'>,
): Promise<void> {
  const nothing = families.every((family) => plan.restore[family] === null);
  if (nothing) return ipset(commands, [...plan.before, ...plan.after]);
  await ipset(commands, plan.before);
  const [first, ...others] = await Promise.allSettled(
    families.map((family) => restore(commands, family, plan.restore[family], [])),
  );
  for (const outcome of [first, ...others]) if (outcome?.status === 'rejected') throw outcome.reason;
  await ipset(commands, plan.after);
}

async function ipset(commands: NodeCommands, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await run(commands, 'ipset', ['restore'], lines);
}

async function restore(
  commands: NodeCommands,
  family: Family,
  text: string | null,
  flags: readonly string[],
): Promise<void> {
  if (text === null) return;
  await run(commands, familyFacts[family].restore, ['-w', '10', '--noflush', ...flags], text.trimEnd().split('\n'));
}

const lineNumber = /line:? ?(\d+)/;

/** A line that the program names is the rule set's fault; anything else is the machine's. */
async function run(commands: NodeCommands, command: string, args: string[], lines: readonly string[]): Promise<void> {
  try {
    await commands.run(command, args, `${lines.join('\n')}\n`);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const said = error.stderr
      .replace(/\nTry `.*/s, '')
      .replaceAll(/\s*\n+/g, ': ')
      .trim();
    const at = lineNumber.exec(error.stderr)?.[1];
    const line = at === undefined ? undefined : lines[Number(at) - 1];
    if (line === undefined) throw error;
    throw new RuleSetRejected(`${said.replace(/: $/, '')}: ${line}`, { cause: error });
  }
}
