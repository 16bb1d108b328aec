/** `npm run events -- …`: the operator's command. A file for each group of subcommands. */
import { Command, CommanderError } from 'commander';
import { addConsumers } from './consumers.ts';
import { CommandFailure, exits } from './failure.ts';
import { addKeys } from './keys.ts';
import { addParked } from './parked.ts';
import { addRebuild } from './rebuild.ts';

const groups: readonly ((program: Command) => void)[] = [addConsumers, addParked, addRebuild, addKeys];

function createProgram(): Command {
  const program = new Command('npm run events --')
    .description('Looks after consumers, parked events and projections of a running platform.')
    .option('--home <dir>', 'home of the running platform', '.atoll')
    .option('--database-url <url>', 'a database instead of that of a home (or in the environment: ATOLL_DATABASE_URL)')
    .addHelpText('after', '\nMore: docs/operations.md')
    .configureOutput({ outputError: (text, write) => write(text) });
  for (const add of groups) add(program);
  // Subcommands made by .command() have taken over the settings; the exit is for each.
  const override = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(override);
  };
  override(program);
  return program;
}

/** The exit code. What a person must know is on stderr. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exits.usage;
    if (error instanceof CommandFailure) {
      process.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}
