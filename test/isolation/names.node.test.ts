/** Hostile names, through to the kernel: as many rules as there are policies, all of them ours, and no shell that ran anything. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fixedId, networkDocument } from '../../agent/test/fixtures.ts';
import { Lab } from '../../agent/test/lab.ts';
import { diceOf, seedOf } from './random.ts';
import { compiledNames, expectedMembers } from './worlds/hostile.ts';
import { bareNames, hostileName } from './worlds/names.ts';

const lab = new Lab();
afterAll(() => lab.close());

test('300 policies that select by hostile names', { timeout: 120_000 }, async () => {
  const seed = seedOf('hostile names in the kernel');
  const dice = diceOf(seed);
  const names = [...new Set([...bareNames, ...Array.from({ length: 300 }, (_, index) => hostileName(dice, index))])];
  const folder = await mkdtemp(join(tmpdir(), 'atoll-canary-'));
  const before = process.cwd();
  // What a name would have a shell make, it would make here.
  process.chdir(folder);
  try {
    const node = await lab.node(fixedId('node', 1));
    await node.rules.ensure(networkDocument(node.id, 1, compiledNames(names)));
    for (const program of ['iptables-save', 'ip6tables-save']) {
      const lines = (await node.commands.run(program, [])).stdout.split('\n').filter((line) => line.startsWith('-A '));
      expect(lines.filter((line) => !line.includes(node.names.prefix))).toEqual([]);
      const policies = lines.flatMap((line) => /pol_[0-9a-z]{26}/.exec(line) ?? []);
      expect(policies).toHaveLength(2 * names.length);
      expect(new Set(policies).size).toBe(names.length);
    }
    const { stdout } = await node.commands.run('ipset', ['list', '-n']);
    expect(stdout.split('\n').filter((name) => name !== '' && !name.startsWith(node.names.prefix))).toEqual([]);
    const saved = (await node.commands.run('ipset', ['save'])).stdout;
    for (const address of expectedMembers(names.length)) expect(saved).toContain(` ${address}`);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true, force: true });
  }
});
