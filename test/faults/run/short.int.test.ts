/** The short run of the fault kit: some of everything. The long one is `npm run faults`. */
import { expect, test } from 'vitest';
import { runCampaign } from './campaign.ts';
import { everyFault } from './every-fault.ts';
import { table } from './table.ts';

const chosen = [
  'kill -9 at append.after-commit',
  'kill -9 at relay.after-publish',
  'kill -9 at project.before-commit',
  'kill -9 at react.after-command',
  'kill -9 of all processes at once',
  'the leaders stopped, and awake after others led',
  'the way to PostgreSQL: answers swallowed',
  'PostgreSQL killed',
  'the store of NATS replaced by an older copy',
];

test('acknowledged commands are done once everywhere, whatever is killed, cut or rolled back', {
  timeout: 300_000,
}, async () => {
  const said: string[] = [];
  const faults = chosen.map((name) => everyFault.find((fault) => fault.name === name));
  expect(faults).not.toContain(undefined);
  const { ok, rounds } = await runCampaign({
    seed: 1,
    next: (round) => faults[round] ?? null,
    say: (line) => said.push(line),
  });
  expect(rounds).toHaveLength(chosen.length);
  expect(rounds.filter(({ calls }) => calls.filter(({ outcome }) => outcome.kind === 'ok').length < 10)).toEqual([]);
  expect(ok, `${said.join('\n')}\n\n${table(rounds)}`).toBe(true);
});
