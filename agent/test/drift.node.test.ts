/** What others do to the tables: repaired where it is ours, left alone where it isn't. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RuleSetRejected } from '../src/rules/backend.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, open, reach } from './lab.ts';

const lab = new Lab();
const web = endpointAt(fixedId('instance', 1), 1, 2);
const db = endpointAt(fixedId('instance', 2), 1, 3);
const opening: Opening = {
  policyId: fixedId('policy', 1),
  from: [web.instanceId],
  to: [db.instanceId],
  protocol: 'TCP',
  ports: { from: 80, to: 80 },
};
const rules = compile([web, db], [opening]);
let node: LabNode;
let neighbour: LabNode;
let pods: { web: LabPod; db: LabPod };
const document = () => networkDocument(node.id, 1, rules);
const programs = ['iptables', 'ip6tables'] as const;

/** Rules and sets of others, as an administrator has them. */
async function addForeign(): Promise<void> {
  await node.commands.run('ipset', ['restore'], 'create admins hash:ip\nadd admins 192.0.2.9\n');
  for (const program of programs) {
    const set = program === 'iptables' ? ['-m', 'set', '--match-set', 'admins', 'src'] : [];
    await node.commands.run(program, ['-N', 'ADMIN']);
    await node.commands.run(program, ['-A', 'ADMIN', ...set, '-m', 'comment', '--comment', 'by hand', '-j', 'ACCEPT']);
    await node.commands.run(program, ['-A', 'INPUT', '-j', 'ADMIN']);
    await node.commands.run(program, ['-A', 'FORWARD', '-i', 'eth9', '-j', 'ADMIN']);
    await node.commands.run(program, ['-A', 'OUTPUT', '-p', 'tcp', '--dport', '25', '-j', 'REJECT']);
    await node.commands.run(program, ['-t', 'mangle', '-A', 'PREROUTING', '-j', 'MARK', '--set-mark', '7']);
    // The tables that are there at all are in what is compared.
    for (const table of ['raw', 'nat'])
      await node.commands.run(program, ['-t', table, '-A', 'OUTPUT', '-o', 'eth9', '-j', 'ACCEPT']);
  }
}

/** Everything that isn't ours, byte for byte, counters and dates apart. */
async function foreign(): Promise<string> {
  const saves = await Promise.all(programs.map((program) => node.commands.run(`${program}-save`, [])));
  const sets = await node.commands.run('ipset', ['save']);
  return [...saves, sets]
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((line) => !line.startsWith('#') && !line.includes(node.names.prefix))
    .map((line) => line.replace(/\[\d+:\d+\]/, ''))
    .join('\n');
}

async function ours(of: LabNode): Promise<string> {
  const saves = await Promise.all(programs.map((program) => of.commands.run(`${program}-save`, ['-t', 'filter'])));
  const sets = await of.commands.run('ipset', ['save']);
  return (
    [...saves, sets]
      .flatMap(({ stdout }) => stdout.split('\n'))
      .filter((line) => line.includes(of.names.prefix))
      .map((line) => line.replace(/\[\d+:\d+\]/, '').replace(/ initval \S+/, ''))
      // A set has two names, and the hash of a rule follows from them: which it is, is nobody's matter.
      .map((line) => line.replace(/(atl\S{4}[46][0-9a-f]{16})x/, '$1').replace(/atoll:[0-9a-f]{16}/, 'atoll:'))
      .sort()
      .join('\n')
  );
}

let foreignBefore: string;
let oursBefore: string;

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  neighbour = await lab.node(fixedId('node', 2), node);
  await addForeign();
  foreignBefore = await foreign();
  await node.rules.ensure(document());
  oursBefore = await ours(node);
  pods = { web: await lab.pod(node, web), db: await lab.pod(node, db) };
  await pods.db.peer.ask({ do: 'listen', protocol: 'TCP', port: 80 });
});
afterAll(() => lab.close());
afterEach(async () => {
  // Whatever a test did, nobody else's rules are different for it.
  expect(await foreign()).toBe(foreignBefore);
});

describe('drift is repaired', () => {
  const chain = (name: string) => node.names.chain(name);
  const first = (of: 'ingress' | 'egress') =>
    chain(`${of.charAt(0)}-${rules.chains.find((c) => c.direction === of)?.name}`);
  const sabotages: Record<string, () => readonly (readonly string[])[]> = {
    'a rule deleted': () => [['-D', chain('from'), '1']],
    'a rule inserted that opens everything': () => [['-I', chain('from'), '1', '-j', 'RETURN']],
    'a rule appended': () => [['-A', first('ingress'), '-j', 'ACCEPT']],
    'rules reordered': () => [
      ['-D', chain('to'), '1'],
      ['-A', chain('to'), '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'RETURN'],
    ],
    'a chain emptied': () => [['-F', first('egress')]],
    'all chains emptied': () => ['check', 'from', 'to', 'accept', 'input'].map((name) => ['-F', chain(name)]),
    'the way in from FORWARD deleted': () => [['-D', 'FORWARD', '1']],
    'the way in from INPUT deleted': () => [['-D', 'INPUT', '1']],
    'a rule put before ours': () => [['-I', 'FORWARD', '1', '-i', 'eth8', '-j', chain('accept')]],
    'the ways in swapped': () => [
      ['-D', 'FORWARD', '1'],
      ['-I', 'FORWARD', '2', '-j', chain('check')],
    ],
    'a chain of our prefix that nobody rendered': () => [['-N', chain('left-over')]],
  };
  test.each(Object.keys(sabotages))('%s', async (name) => {
    for (const program of programs) {
      for (const args of sabotages[name]?.() ?? []) await node.commands.run(program, args);
    }
    expect(await ours(node)).not.toBe(oursBefore);
    await node.rules.ensure(document());
    expect(await ours(node)).toBe(oursBefore);
    expect(await reach(pods.web, db, 80)).toBe(open);
  });

  test('members added to, and removed from, a set', async () => {
    const set = node.names.set('ipv4', 'endpoints');
    await node.commands.run(
      'ipset',
      ['restore'],
      `add ${set} 10.64.9.9,eth7\ndel ${set} ${web.ipv4},${node.names.interface(web.instanceId)}\n`,
    );
    expect(await reach(pods.web, db, 80)).toBe('TIMED_OUT CONNECTED');
    await node.rules.ensure(document());
    expect(await ours(node)).toBe(oursBefore);
  });

  test('everything gone: the whole of FORWARD and INPUT, all chains, all sets', async () => {
    await node.rules.clear();
    expect(await ours(node)).toBe('');
    await node.rules.clear();
    await node.rules.ensure(document());
    expect(await ours(node)).toBe(oursBefore);
  });

  test('where nothing drifted, nothing is written', async () => {
    const handles = async () =>
      (await node.commands.run('nft', ['-a', 'list', 'table', 'ip', 'filter'])).stdout.replace(
        /packets \d+ bytes \d+/g,
        '',
      );
    const before = await handles();
    await node.rules.ensure(document());
    expect(await handles()).toBe(before);
  });
});

describe('a rule of somebody else that leads into what is ours', () => {
  const first = () => node.names.chain(`i-${rules.chains.find((one) => one.direction === 'ingress')?.name}`);
  const other = (port: number) =>
    networkDocument(node.id, 2, compile([web, db], [{ ...opening, ports: { from: port, to: port } }]));
  const theirs = (verb: '-A' | '-D') => [
    [verb, 'ADMIN', '-s', '192.0.2.7', '-j', first()],
    [verb, 'ADMIN', '-m', 'set', '--match-set', node.names.set('ipv4', 'endpoints'), 'src,src', '-j', 'ACCEPT'],
  ];
  const named = async () =>
    (await node.commands.run('iptables-save', ['-t', 'filter'])).stdout
      .split('\n')
      .filter((line) => line.includes(first()));

  test('holds up no change: its chain is emptied and kept for it, and removed after it', async () => {
    for (const args of theirs('-A')) await node.commands.run('iptables', args);
    const during = await foreign();
    // What packets meet is written by a change, what is left over is removed by the look that follows.
    await node.rules.change(other(81));
    await node.rules.ensure(other(81));
    expect(await reach(pods.web, db, 80)).toBe(dropped);
    expect((await named()).map((line) => line.replace(/ \[.*/, ''))).toEqual([
      `:${first()} -`,
      `-A ADMIN -s 192.0.2.7/32 -j ${first()}`,
    ]);
    await node.rules.change(document());
    await node.rules.ensure(document());
    expect(await reach(pods.web, db, 80)).toBe(open);
    // Everything of ours goes, as far as it lets it.
    await node.rules.clear();
    expect(await foreign()).toBe(during);
    await node.rules.ensure(document());
    await node.rules.ensure(other(81));
    for (const args of theirs('-D')) await node.commands.run('iptables', args);
    await node.rules.ensure(other(81));
    expect(await named()).toEqual([]);
    await node.rules.ensure(document());
    expect(await ours(node)).toBe(oursBefore);
  });
});

describe('a rule set that cannot be in force', () => {
  const bad = () => {
    const broken = compile([web, db], [{ ...opening, ports: { from: 81, to: 70_000 } }]);
    return networkDocument(node.id, 2, broken);
  };
  test('is refused with the line that is wrong, and the last good one stays', async () => {
    const refusal = await node.rules.ensure(bad()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RuleSetRejected);
    expect(String(refusal)).toMatch(/invalid port\/service `70000'.*-A atl\S+-[ei]-\S+ -p tcp -m tcp --dport 81:70000/);
    expect(await reach(pods.web, db, 80)).toBe(open);
    expect(await reach(pods.db, web, 80)).toBe(dropped);
    // What had been prepared for it goes with the next good one.
    await node.rules.ensure(document());
    expect(await ours(node)).toBe(oursBefore);
  });
});

describe('over nothing', () => {
  test('what is refused says which line it is, and nothing of it stays in force', async () => {
    const fresh = await lab.node(fixedId('node', 7));
    const openings = [opening, { ...opening, policyId: fixedId('policy', 2), ports: { from: 81, to: 70_000 } }];
    const refusal = await fresh.rules.ensure(networkDocument(fresh.id, 1, compile([web, db], openings))).catch(String);
    expect(refusal).toMatch(/RuleSetRejected.*invalid port\/service `70000'.*-A atl\S+ -p tcp -m tcp --dport 81:70000/);
    const { stdout } = await fresh.commands.run('iptables-save', []);
    expect(stdout).not.toMatch(/^-A/m);
    expect(await fresh.rules.ensure(networkDocument(fresh.id, 2, compile([web, db], [opening])))).toBe('read back');
  });

  test('it is read back by who asks next; and before it is answered, where anything was there', async () => {
    const fresh = await lab.node(fixedId('node', 8));
    const of = (ports: Opening['ports']) => networkDocument(fresh.id, 1, compile([web, db], [{ ...opening, ports }]));
    expect(await fresh.rules.ensure(of({ from: 80, to: 80 }))).toBe('written');
    expect(await fresh.rules.ensure(of({ from: 80, to: 80 }))).toBe('read back');
    expect(await fresh.rules.ensure(of({ from: 81, to: 81 }))).toBe('read back');
  });
});

describe('two nodes that share a host', () => {
  const guest = endpointAt(fixedId('instance', 3), 1, 4);
  const neighbourRules = (openings: readonly Opening[]) =>
    networkDocument(neighbour.id, 1, compile([web, db, guest], openings, [guest]));
  const both: Opening = { ...opening, from: [web.instanceId], to: [guest.instanceId] };
  const nodeRules = (openings: readonly Opening[]) =>
    networkDocument(node.id, 3, compile([web, db, guest], openings, [web, db]));
  let pod: LabPod;

  test('a packet needs the egress rules of one and the ingress rules of the other', async () => {
    const mine = foreignBefore;
    await neighbour.rules.ensure(neighbourRules([]));
    pod = await lab.pod(neighbour, guest);
    await pod.peer.ask({ do: 'listen', protocol: 'TCP', port: 80 });
    // Only the source's side has heard of the policy; then only the destination's; then both.
    await node.rules.ensure(nodeRules([both]));
    expect(await reach(pods.web, guest, 80)).toBe(dropped);
    await neighbour.rules.ensure(neighbourRules([both]));
    expect(await reach(pods.web, guest, 80)).toBe(open);
    await node.rules.ensure(nodeRules([]));
    expect(await reach(pods.web, guest, 80)).toBe(dropped);
    await node.rules.ensure(document());
    await neighbour.rules.clear();
    await neighbour.wiring.clear();
    expect(await foreign()).toBe(mine);
    expect(await ours(node)).toBe(oursBefore);
  });
});
