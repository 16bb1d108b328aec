/** `keys`: the keys of personal data, their master keys, and who is erased. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openMasterKeys, parseMasterKeyFile, withNewKey, writeMasterKeyFile } from '@atoll/service/master-keys';
import type { Command } from 'commander';
import { quoteSchema } from '../database/sql.ts';
import { buryAgain, readTombstones, type Tombstone, tombstone } from '../personal/erased.ts';
import { keysByMaster, rewrapKeys } from '../personal/rewrap.ts';
import { onTarget, type Target } from './connect.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson, table } from './print.ts';

const help = `
Personal data is sealed with a key of its subject; these keys are wrapped with a master key, which is in a file. To
change the master key while everything runs:

  add-master     makes a new one, the current one from now on. Back the file up before you go on.
  rewrap         wraps all keys with the current one. Can be interrupted and repeated.
  remove-master  takes the old one out of the file; refused while a key is wrapped with it. Destroy its backups, too:
                 older copies of the database can't be opened from then on.

  erased         tells who is erased, as lines of JSON: keep it beside the backups of the database, e.g. by
                 npm run --silent events -- keys erased > erased.jsonl
  bury           destroys these keys again in a database that was restored. Before its services are started.`;

interface FileOptions {
  readonly file?: string;
}

function fileOf(command: Command, { file }: FileOptions): string {
  const { home } = command.optsWithGlobals<{ home: string }>();
  return file ?? process.env.ATOLL_DATA_KEY_FILE ?? join(resolve(home), 'data-keys.json');
}

/** What is wrong with the file is for the operator, and no fault of the program. */
function orFail<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

interface KeyState {
  readonly schema: string;
  readonly master: string;
  readonly keys: number;
}

async function readKeys({ pool, schemas }: Target): Promise<readonly KeyState[]> {
  const found: KeyState[] = [];
  for (const schema of schemas) {
    for (const [master, keys] of await keysByMaster(pool, schema)) found.push({ schema, master, keys });
    const { rows } = await pool.query<{ keys: number }>(
      `select count(*)::integer as keys from ${quoteSchema(schema)}.subject_key where wrapped is null`,
    );
    const erased = rows[0]?.keys ?? 0;
    if (erased > 0) found.push({ schema, master: '(erased)', keys: erased });
  }
  return found;
}

const usesOf = async (target: Target, id: string): Promise<number> =>
  (await readKeys(target)).reduce((sum, { master, keys }) => sum + (master === id ? keys : 0), 0);

function readLines(path: string): readonly Tombstone[] {
  const lines = orFail(() => readFileSync(path, 'utf8').split('\n'));
  return lines.flatMap((line, index) => {
    // What `npm run` without --silent writes before it.
    if (line.trim() === '' || line.startsWith('> ')) return [];
    try {
      return [tombstone.parse(JSON.parse(line))];
    } catch {
      throw new CommandFailure(
        `Line ${index + 1} of ${path} is none that \`keys erased\` has written. Nothing was done.`,
      );
    }
  });
}

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('Keys of personal data, and who is erased.')
    .addHelpText('after', help);
  const fileOption = '--file <path>';
  const fileText = 'file of master keys (default: ATOLL_DATA_KEY_FILE, or data-keys.json of the home)';

  keys
    .command('list')
    .description('How many keys are wrapped with which master key.')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }, command: Command) =>
      onTarget(command, async (target) => {
        const rows = await readKeys(target);
        if (options.json) return printJson(rows);
        print(
          table(rows, [
            ['SCHEMA', (row) => row.schema],
            ['MASTER KEY', (row) => row.master],
            ['KEYS', (row) => String(row.keys)],
          ]),
        );
      }),
    );

  keys
    .command('add-master <id>')
    .description('Makes a new master key, the current one from now on.')
    .option(fileOption, fileText)
    .action((id: string, options: FileOptions, command: Command) => {
      const file = fileOf(command, options);
      orFail(() => writeMasterKeyFile(file, withNewKey(parseMasterKeyFile(file), id)));
      print(`${id} is the current master key of ${file}. Back the file up, then: npm run events -- keys rewrap`);
    });

  keys
    .command('rewrap')
    .description('Wraps all keys with the current master key.')
    .option(fileOption, fileText)
    .action((options: FileOptions, command: Command) =>
      onTarget(command, async ({ pool, schemas }) => {
        const masters = orFail(() => openMasterKeys(fileOf(command, options)));
        const broken: string[] = [];
        for (const schema of schemas) {
          const done = await rewrapKeys({ pool, schema, masters });
          print(`${schema}: ${done.rewrapped} keys are wrapped with ${masters.current().id} now.`);
          broken.push(...done.broken.map(({ id, reason }) => `${schema}: of the key ${id}, ${reason}.`));
        }
        if (broken.length > 0) throw new CommandFailure(broken.slice(0, 20).join('\n'));
      }),
    );

  keys
    .command('remove-master <id>')
    .description('Takes a master key that nothing is wrapped with any more out of the file.')
    .option(fileOption, fileText)
    .action((id: string, options: FileOptions, command: Command) =>
      onTarget(command, async (target) => {
        const file = fileOf(command, options);
        const { current, keys: all } = orFail(() => parseMasterKeyFile(file));
        if (!Object.hasOwn(all, id)) throw new CommandFailure(`${file} has no master key ${id}.`);
        if (id === current) throw new CommandFailure(`${id} is the current master key: add another one first.`);
        const uses = await usesOf(target, id);
        if (uses > 0) {
          throw new CommandFailure(`${uses} keys are wrapped with ${id}: npm run events -- keys rewrap`);
        }
        const rest = Object.fromEntries(Object.entries(all).filter(([name]) => name !== id));
        orFail(() => writeMasterKeyFile(file, { current, keys: rest }));
        print(`${id} is no longer in ${file}. Destroy its backups, too.`);
      }),
    );

  keys
    .command('erased')
    .description('Who is erased, one line of JSON each.')
    .action((_options: object, command: Command) =>
      onTarget(command, async ({ pool, schemas }) => {
        for (const schema of schemas) {
          for await (const page of readTombstones(pool, schema)) for (const one of page) print(JSON.stringify(one));
        }
      }),
    );

  keys
    .command('bury <file>')
    .description('Destroys the keys of those who are told erased by the file, in a restored database.')
    .action((file: string, _options: object, command: Command) =>
      onTarget(command, async ({ pool, schemas }) => {
        const tombstones = readLines(file);
        const unknown = tombstones.find(({ schema }) => !schemas.includes(schema));
        if (unknown) throw new CommandFailure(`There is no schema ${unknown.schema} here. Nothing was done.`);
        for (const schema of schemas) {
          const own = tombstones.filter((one) => one.schema === schema);
          const buried = await buryAgain(pool, schema, own);
          print(`${schema}: ${own.length} are erased, ${buried} of them were readable again.`);
        }
      }),
    );
}
