/** Network namespaces of a bench's own, and what was run in them. */
import { commandsIn, type NodeCommands } from '@atoll/agent/sandbox/commands';
import { exec } from '@atoll/service/exec';

export interface Namespace {
  readonly path: string;
  readonly commands: NodeCommands;
  remove(): Promise<void>;
}

let made = 0;

export async function makeNamespace(): Promise<Namespace> {
  const name = `atoll-bench-${process.pid}-${++made}`;
  await exec('ip', ['netns', 'add', name]);
  const path = `/run/netns/${name}`;
  await exec('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return { path, commands: commandsIn(path), remove: async () => void (await exec('ip', ['netns', 'del', name])) };
}

export interface Written {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string;
}

/** Keeps what is written to the kernel: runs with an input that aren't tests of it. */
export function recording(commands: NodeCommands): { readonly commands: NodeCommands; take(): readonly Written[] } {
  let written: Written[] = [];
  return {
    commands: {
      run(command, args, input) {
        if (input !== undefined && /restore$/.test([command, ...args][0] === 'ipset' ? (args[0] ?? '') : command)) {
          if (!args.includes('--test')) written.push({ command, args, input });
        }
        return commands.run(command, args, input);
      },
    },
    take() {
      const taken = written;
      written = [];
      return taken;
    },
  };
}

/** The same once more, and nothing beside it: what was written to the two families is written to both at once. */
export async function replay(commands: NodeCommands, written: readonly Written[]): Promise<void> {
  for (let at = 0; at < written.length; at++) {
    const one = written[at];
    const next = written[at + 1];
    if (one === undefined) continue;
    const run = (of: Written) => commands.run(of.command, of.args, of.input);
    if (next !== undefined && one.command !== 'ipset' && next.command !== 'ipset') {
      await Promise.all([run(one), run(next)]);
      at++;
    } else await run(one);
  }
}
