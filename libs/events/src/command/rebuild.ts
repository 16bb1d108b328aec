/** `rebuild`: new versions of projections, built beside the live ones. */
import type { Command } from 'commander';
import {
  cancelRebuild,
  type KnownProjection,
  listProjections,
  progressOf,
  type RebuildStatus,
  requestRebuild,
  runningPhases,
} from '../rebuild/rows.ts';
import { pause } from '../waiting.ts';
import { onTarget, type Target } from './connect.ts';
import { CommandFailure } from './failure.ts';
import { ago, print, printJson, span, table } from './print.ts';

const help = `
A rebuild makes a new version of a projection's tables from the first event on, beside the live one, which goes on. When
it has caught up, both are switched in one transaction; readers and writers wait for a moment at most. It is done by a
process of the service that owns the tables; killed, it goes on where it was when the service is back. One at a time per
projection. Events that fail in it are parked as ever, in place of those that the old version had parked.

Projections are named schema/projection, or the projection alone where only one schema has it.`;

interface Found extends KnownProjection {
  readonly schema: string;
}

async function readAll({ pool, schemas }: Target): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const schema of schemas) {
    found.push(...(await listProjections({ pool, schema })).map((projection) => ({ schema, ...projection })));
  }
  return found;
}

async function find(target: Target, given: string): Promise<Found> {
  const all = await readAll(target);
  const matching = all.filter(({ schema, name }) => given === name || given === `${schema}/${name}`);
  const [one] = matching;
  if (one && matching.length === 1) return one;
  const names = all.map(({ schema, name }) => `${schema}/${name}`).join(', ');
  throw new CommandFailure(
    one
      ? `Several schemas have a projection ${given}: name its schema, too, as schema/projection.`
      : `There is no projection ${given} that can be rebuilt. There are: ${names || 'none; no service of this version has run here'}.`,
  );
}

const count = (n: number) => n.toLocaleString('en-US');

function progressText(status: RebuildStatus): string {
  const { position, total, left } = progressOf(status);
  const share = total === 0 ? '' : ` (${Math.floor((100 * position) / total)} %)`;
  const at = `${count(position)} of ${count(total)}${share}`;
  if (status.phase !== 'building') return at;
  const rate = status.rate ? `, ${count(Math.round(status.rate))}/s` : '';
  return `${at}${rate}${left === null ? '' : `, ${span(left)} left`}`;
}

const whenText = ({ phase, requestedAt, startedAt, endedAt }: RebuildStatus): string => {
  if (endedAt === null) return `${runningPhases.includes(phase) ? 'since' : 'asked'} ${ago(startedAt ?? requestedAt)}`;
  const took = span((endedAt.getTime() - (startedAt ?? requestedAt).getTime()) / 1000);
  return `${ago(endedAt)} ago, took ${took}`;
};

function show(rows: readonly Found[]): void {
  print(
    table(rows, [
      ['PROJECTION', (row) => `${row.schema}/${row.name}`],
      ['REBUILD', (row) => row.rebuild?.phase ?? 'never'],
      ['EVENTS', (row) => (row.rebuild ? progressText(row.rebuild) : '')],
      ['WHEN', (row) => (row.rebuild ? whenText(row.rebuild) : '')],
      ['NOTE', (row) => row.rebuild?.note ?? ''],
    ]),
  );
}

/** Prints the progress until it is over. */
async function followRebuild(target: Target, given: Found): Promise<void> {
  const name = `${given.schema}/${given.name}`;
  let told = '';
  let begun = false;
  for (const giveUpAt = Date.now() + 15_000; ; await pause(500)) {
    const { rebuild } = await find(target, name);
    if (rebuild === null) return;
    begun ||= rebuild.phase !== 'requested';
    if (!begun && Date.now() > giveUpAt) {
      throw new CommandFailure(
        `It is asked for, and no process has taken it up yet: does a service of the schema ${given.schema} run? It will begin then.`,
      );
    }
    if (!runningPhases.includes(rebuild.phase)) {
      if (rebuild.phase === 'failed') throw new CommandFailure(`${name} failed: ${rebuild.note}`);
      if (rebuild.phase === 'cancelled') throw new CommandFailure(`${name} was cancelled.`);
      return print(`${name} is rebuilt: ${progressText(rebuild)}, ${whenText(rebuild)}.`);
    }
    const text = `${name} ${rebuild.phase}: ${progressText(rebuild)}${rebuild.note ? ` — ${rebuild.note}` : ''}`;
    if (text !== told) print(text);
    told = text;
  }
}

export function addRebuild(program: Command): void {
  const rebuild = program
    .command('rebuild')
    .description('Build a projection anew beside the live one, and switch.')
    .addHelpText('after', help);

  rebuild
    .command('status')
    .description('What can be rebuilt, and how far that is.')
    .argument('[projection]', 'one of them')
    .option('--json', 'as JSON')
    .option('--follow', 'until it is over')
    .action((given: string | undefined, options: { json?: boolean; follow?: boolean }, command: Command) =>
      onTarget(command, async (target) => {
        const rows = given === undefined ? await readAll(target) : [await find(target, given)];
        if (options.json) {
          return printJson(
            rows.map((row) => ({ ...row, rebuild: row.rebuild && { ...row.rebuild, ...progressOf(row.rebuild) } })),
          );
        }
        if (rows.length === 0) return print('Nothing can be rebuilt: no service of this version has run here.');
        if (options.follow) {
          for (const row of rows) await followRebuild(target, row);
        } else show(rows);
      }),
    );

  rebuild
    .command('start')
    .description('Asks for a rebuild, and follows it until it is over.')
    .argument('<projection>')
    .option('--no-follow', 'do not wait for it')
    .addHelpText('after', help)
    .action((given: string, options: { follow: boolean }, command: Command) =>
      onTarget(command, async (target) => {
        const projection = await find(target, given);
        const { schema, name } = projection;
        const asked = await requestRebuild({ pool: target.pool, schema }, name);
        switch (asked.outcome) {
          case 'unknown':
            throw new CommandFailure(`There is no projection ${given} any more. There are: ${asked.known.join(', ')}.`);
          case 'running':
            throw new CommandFailure(
              `${schema}/${name} is being rebuilt already (${asked.phase}). See \`events rebuild status\`, or cancel it.`,
            );
          case 'requested':
            print(`Asked for rebuild ${asked.attempt} of ${schema}/${name}.`);
            if (options.follow) await followRebuild(target, projection);
            return;
          default:
            asked satisfies never;
        }
      }),
    );

  rebuild
    .command('cancel')
    .description('Ends a rebuild and removes what it has made; the live version has never stopped.')
    .argument('<projection>')
    .action((given: string, _options: object, command: Command) =>
      onTarget(command, async (target) => {
        const { schema, name } = await find(target, given);
        const done = await cancelRebuild({ pool: target.pool, schema }, name);
        if (done.outcome === 'not-running') {
          const why = done.phase === 'switched' ? 'is switched already' : 'is not being rebuilt';
          throw new CommandFailure(`${schema}/${name} ${why}: there is nothing to cancel.`);
        }
        print(`Cancelled: what was built of ${schema}/${name} is gone, and the live version is as it was.`);
      }),
    );
}
