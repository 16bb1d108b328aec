/** Clocks that jump while commands flow: the times of events never run backwards, nothing is lost, and nothing stalls. */
import { expect, test } from 'vitest';
import { runCampaign } from './run/campaign.ts';
import { groundFaults } from './run/ground-faults.ts';
import { table } from './run/table.ts';

const faults = groundFaults.filter(({ ground }) => ground === 'clocks');

test('clocks of processes and of PostgreSQL jump by hours, ahead, behind, and apart', {
  timeout: 180_000,
}, async () => {
  const said: string[] = [];
  const { ok, rounds } = await runCampaign({
    seed: 9,
    next: (round) => faults[round] ?? null,
    say: (line) => said.push(line),
  });
  expect(rounds).toHaveLength(4);
  expect(ok, `${said.join('\n')}\n\n${table(rounds)}`).toBe(true);
});
