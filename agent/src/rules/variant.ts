/**
 * iptables has two backends, and a host uses one of them; rules in the other are in force as well, behind or before these, and are
 * nobody's that the host's own tools show. The one to write to is, in this order: the one that has rules of this node's already,
 * the only one that has rules of others, the one that `iptables` is.
 */
import { ExecError } from '@atoll/service/exec';
import type { Logger } from '@atoll/service/log';
import type { NodeNames } from '../render/names.ts';
import type { NodeCommands } from '../sandbox/commands.ts';

const variants = ['nft', 'legacy'] as const;
type Variant = (typeof variants)[number];

interface Found {
  readonly variant: Variant;
  readonly own: boolean;
  readonly foreign: boolean;
}

const program = /^(ip6?tables)-(save|restore)$/;

const commandsOf = (commands: NodeCommands, variant: Variant): NodeCommands => ({
  run: (command, args, input) => commands.run(command.replace(program, `$1-${variant}-$2`), args, input),
});

/** The same, but programs of iptables are those of the backend to use here: found out once, by the first that is run. */
export function usingVariant(commands: NodeCommands, names: NodeNames, log: Logger): NodeCommands {
  let chosen: Promise<NodeCommands> | null = null;
  return {
    async run(command, args, input) {
      if (!program.test(command)) return commands.run(command, args, input);
      chosen ??= findVariant(commands, names, log).then((variant) => commandsOf(commands, variant));
      const of = await chosen.catch((error: unknown) => {
        chosen = null;
        throw error;
      });
      return of.run(command, args, input);
    },
  };
}

async function look(commands: NodeCommands, names: NodeNames, variant: Variant): Promise<Found | string> {
  try {
    const of = commandsOf(commands, variant);
    const saved = await Promise.all(['iptables-save', 'ip6tables-save'].map((save) => of.run(save, [])));
    const rules = saved.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line.startsWith('-A ')));
    const isOwn = (line: string) => line.includes(`${names.prefix}-`);
    return { variant, own: rules.some(isOwn), foreign: !rules.every(isOwn) };
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return `iptables-${variant}: ${error.stderr.trim() || error.message}`;
  }
}

async function findVariant(commands: NodeCommands, names: NodeNames, log: Logger): Promise<Variant> {
  const looked = await Promise.all(variants.map((variant) => look(commands, names, variant)));
  const found = looked.filter((one) => typeof one !== 'string');
  const only = (those: readonly Found[]) => (those.length === 1 ? those[0]?.variant : undefined);
  const chosen =
    only(found) ??
    only(found.filter((one) => one.own)) ??
    only(found.filter((one) => one.foreign)) ??
    (found.length > 0 ? await usual(commands) : undefined);
  if (chosen === undefined) {
    throw new Error(
      `neither backend of iptables works here, so no rule can be put in force: ${looked.join('; ')}. Install the package iptables, and see that the kernel has nf_tables or ip_tables`,
    );
  }
  log.info({ backend: chosen }, 'iptables');
  return chosen;
}

/** What the host's own `iptables` is. */
async function usual(commands: NodeCommands): Promise<Variant> {
  const { stdout } = await commands.run('iptables', ['--version']);
  return stdout.includes('legacy') ? 'legacy' : 'nft';
}
