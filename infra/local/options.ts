/** The options of `npm start`. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

export interface StartOptions {
  /** Folder with all state. */
  readonly home: string;
  /** The gateway's port; null for the usual one, or a free one where that is taken; 0 for a free one. */
  readonly port: number | null;
  readonly reset: boolean;
  /** How many nodes; 0 with --no-node. */
  readonly nodes: number;
  /** Keep the spans of all processes, for `npm run trace`. */
  readonly traces: boolean;
  /** Start the home's database and nothing else. */
  readonly databaseOnly: boolean;
}

export const maxNodes = 16;

function whole(from: number, to: number) {
  return (text: string): number => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < from || number > to) {
      throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
    }
    return number;
  };
}

function program(): Command {
  return new Command('npm start --')
    .description('Starts the whole platform on this machine, and keeps it running until Ctrl-C or SIGTERM.')
    .option('--home <dir>', 'folder with all state', '.atoll')
    .option('--port <n>', 'port of the gateway, 0 for a free one (default: 4000, or a free one)', whole(0, 65_535))
    .option('--reset', 'throw away all state of this home first', false)
    .addOption(new Option('--no-node', 'start no node: control plane only').conflicts('nodes'))
    .option('--nodes <n>', 'number of nodes (default: 1)', whole(1, maxNodes))
    .option('--traces', 'keep traces, for `npm run trace`', false)
    .addOption(
      new Option('--database-only', "start the home's database and nothing else, to work on a restored one")
        .default(false)
        .conflicts(['reset', 'node', 'nodes', 'traces', 'port']),
    )
    .addHelpText(
      'after',
      `
Environment:
  ATOLL_DATABASE_URL   superuser's URL of a PostgreSQL (15 or newer) to use instead of the embedded one
  ATOLL_NATS_URL       URL of a NATS with JetStream to use instead of an own one
  ATOLL_REGISTRY       host:port of an image registry to use instead of an own one
  ATOLL_RUNTIME        docker | simulated: instead of what is found

More: docs/operations.md`,
    )
    .configureOutput({ outputError: (text, write) => write(text) });
}

export type Parsed =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'exit'; readonly code: number };

export function parseOptions(args: readonly string[]): Parsed {
  const command = program().exitOverride();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { kind: 'exit', code: error.exitCode === 0 ? 0 : 64 };
    throw error;
  }
  const { home, port, reset, node, nodes, traces, databaseOnly } = command.opts<{
    home: string;
    port?: number;
    reset: boolean;
    node: boolean;
    nodes?: number;
    traces: boolean;
    databaseOnly: boolean;
  }>();
  return {
    kind: 'start',
    options: { home, port: port ?? null, reset, nodes: node ? (nodes ?? 1) : 0, traces, databaseOnly },
  };
}
