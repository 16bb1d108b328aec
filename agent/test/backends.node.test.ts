/** Both backends of iptables: the one that the host uses is used, and what others have in either stays as it is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { iptablesRules } from '../src/rules/iptables.ts';
import type { NodeCommands } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, log, open, reach } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const db = endpointAt(fixedId('instance', 2), 1, 3);
const opening = (port: number): Opening => ({
  policyId: fixedId('policy', 1),
  from: [web.instanceId],
  to: [db.instanceId],
  protocol: 'TCP',
  ports: { from: port, to: port },
});
let generation = 0;
const document = (node: LabNode, ...ports: readonly number[]) =>
  networkDocument(node.id, ++generation, compile([web, db], ports.map(opening)));
const other = { nft: 'legacy', legacy: 'nft' } as const;
type Backend = keyof typeof other;

let folder: string;
const lockBefore = process.env.XTABLES_LOCKFILE;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atoll-xtables-'));
  // A lock of this test's own: the machine's is others' as well.
  process.env.XTABLES_LOCKFILE = join(folder, 'lock');
  await writeFile(process.env.XTABLES_LOCKFILE, '');
});
afterAll(async () => {
  if (lockBefore === undefined) delete process.env.XTABLES_LOCKFILE;
  else process.env.XTABLES_LOCKFILE = lockBefore;
  await rm(folder, { recursive: true, force: true });
  await lab.close();
});

const saved = async (node: LabNode, backend: Backend) =>
  (await Promise.all(['iptables', 'ip6tables'].map((program) => node.commands.run(`${program}-${backend}-save`, []))))
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((line) => line.startsWith('-') || line.startsWith(':atl'))
    .map((line) => line.replace(/\[\d+:\d+\]/, ''));
const isOurs = (node: LabNode) => (line: string) => line.includes(node.names.prefix);

describe.each<Backend>(['nft', 'legacy'])('where the host uses %s', (backend) => {
  let node: LabNode;
  let pods: { web: LabPod; db: LabPod };
  let foreign: string[];

  beforeAll(async () => {
    node = await lab.node(fixedId('node', backend === 'nft' ? 1 : 2));
    for (const program of ['iptables', 'ip6tables']) {
      await node.commands.run(`${program}-${backend}`, ['-A', 'INPUT', '-i', 'eth9', '-j', 'ACCEPT']);
      await node.commands.run(`${program}-${backend}`, [
        '-t',
        'nat',
        '-A',
        'POSTROUTING',
        '-o',
        'eth9',
        '-j',
        'RETURN',
      ]);
    }
    foreign = await saved(node, backend);
    await node.rules.ensure(document(node, 80));
    pods = { web: await lab.pod(node, web), db: await lab.pod(node, db) };
    for (const port of [80, 81]) await pods.db.peer.ask({ do: 'listen', protocol: 'TCP', port });
  });

  test('rules go there, all of them, and are in force', async () => {
    expect((await saved(node, backend)).filter(isOurs(node))).not.toEqual([]);
    expect(await saved(node, other[backend])).toEqual([]);
    expect(await reach(pods.web, db, 80)).toBe(open);
    expect(await reach(pods.web, db, 81)).toBe(dropped);
  });

  test('a change, and the repair of what others did', async () => {
    await node.rules.change(document(node, 80, 81));
    expect(await reach(pods.web, db, 81)).toBe(open);
    const last = document(node, 80, 81);
    await node.rules.ensure(last);
    const before = await saved(node, backend);
    await node.commands.run(`iptables-${backend}`, ['-F', node.names.chain('to')]);
    await node.commands.run(`ip6tables-${backend}`, ['-I', 'FORWARD', '1', '-j', 'ACCEPT']);
    await node.rules.ensure(last);
    await node.commands.run(`ip6tables-${backend}`, ['-D', 'FORWARD', '-j', 'ACCEPT']);
    expect((await saved(node, backend)).sort()).toEqual(before.sort());
  });

  test('the rules of others stay as they are, in both; a later process finds the same backend', async () => {
    const rival = ['-A', 'FORWARD', '-i', 'eth8', '-j', 'DROP'];
    await node.commands.run(`iptables-${other[backend]}`, rival);
    await node.commands.run(`iptables-${other[backend]}`, rival);
    const beside = await saved(node, other[backend]);
    const again = iptablesRules({ commands: node.commands, names: { ...node.names }, log });
    await again.ensure(document(node, 80));
    expect(await saved(node, other[backend])).toEqual(beside);
    expect((await saved(node, backend)).filter((line) => !isOurs(node)(line))).toEqual(foreign);
    expect(await reach(pods.web, db, 81)).toBe(dropped);
  });

  test('a lock that another holds for 3 s is waited for', async () => {
    await node.rules.ensure(document(node, 80));
    const lock = process.env.XTABLES_LOCKFILE ?? '';
    const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec sleep 3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const gone = once(holder, 'exit');
    const begun = performance.now();
    await node.rules.change(document(node, 80, 81));
    // The other backend has no such lock.
    if (backend === 'legacy') expect(performance.now() - begun).toBeGreaterThan(1000);
    expect(await reach(pods.web, db, 81)).toBe(open);
    await gone;
  });
});

test('where neither works, it is said what to do, and nothing is called in force', async () => {
  const node = await lab.node(fixedId('node', 3));
  const without: NodeCommands = {
    run: (command, args, input) => node.commands.run(command.replace(/^ip6?tables.*/, 'no-such-program'), args, input),
  };
  const rules = iptablesRules({ commands: without, names: node.names, log });
  await expect(rules.ensure(document(node, 80))).rejects.toThrow(
    /neither backend of iptables works here.*Install the package/,
  );
});
