/** The rule set in the kernel: observe → plan → apply → observe. */
import { ExecError } from '@atoll/service/exec';
import type { Logger } from '@atoll/service/log';
import { isEmpty, planRemoval, planRules, type RulesPlan } from '../plan/rules.ts';
import { type Family, families, familyFacts } from '../render/family.ts';
import { RuleSetInvalid } from '../render/intent.ts';
import type { NodeNames } from '../render/names.ts';
import { renderRules } from '../render/rules.ts';
import type { RenderedRules } from '../render/tables.ts';
import type { NodeCommands } from '../sandbox/commands.ts';
import { clearHost, ensureHost } from '../sandbox/host.ts';
import { type RuleBackend, RuleSetRejected } from './backend.ts';
import { cutForbidden } from './conntrack.ts';
import { observeRules } from './observe.ts';

/** Others may write at the same time (a resync, Docker): what the first round missed, the second takes. */
const rounds = 3;

export function iptablesRules(options: { commands: NodeCommands; names: NodeNames; log: Logger }): RuleBackend {
  const { commands, names, log } = options;

  async function settle(plan: () => Promise<RulesPlan>): Promise<void> {
    for (let round = 1; ; round++) {
      const next = await plan();
      if (isEmpty(next)) return;
      if (round > rounds) throw new Error(`the rules didn't take: ${next.differences.slice(0, 5).join('; ')}`);
      log.info({ differences: next.differences.slice(0, 20), count: next.differences.length }, 'changing rules');
      try {
        await apply(commands, next);
      } catch (error) {
        // What was looked at may have changed since: only what is refused twice is at fault itself.
        if (!(error instanceof RuleSetRejected) || round > 1) throw error;
      }
    }
  }

  return {
    async ensure(intent) {
      const wanted = render(names, intent);
      await ensureHost(commands, names, intent.pools);
      await settle(async () => planRules(names, wanted, await observeRules(commands, names)));
    },
    cut: (previous, next) => cutForbidden({ commands, log }, previous, next),
    async clear() {
      await settle(async () => planRemoval(names, await observeRules(commands, names)));
      await clearHost(commands, names);
    },
  };
}

function render(names: NodeNames, intent: Parameters<RuleBackend['ensure']>[0]): Record<Family, RenderedRules> {
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
