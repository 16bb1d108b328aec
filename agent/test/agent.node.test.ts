/** The whole agent as a process: real NATS with the node's own rights, real Docker, real rules, in a namespace of its own. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@atoll/infra/process/ports';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { defaultTiming, type Probe } from '@atoll/schema/deploy/probes';
import type { Process } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { type LogLine, type LogsReply, logBeginning } from '@atoll/schema/node/logs';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { ProcessState } from '@atoll/schema/node/processes';
import type { DesiredInstance, ObservedInstance } from '@atoll/schema/node/workloads';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nodeNames } from '../src/render/names.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { AgentProcess } from './agent-process.ts';
import { ControlPlane } from './control-plane.ts';
import { type Engine, startEngine } from './engine.ts';
import { compile, desiredInstance, endpointAt, type Opening, someDigest } from './fixtures.ts';
import { Lab, until } from './lab.ts';

const node = newId('node');
const names = nodeNames(node);
const lab = new Lab();
let nats: TestNats;
let engine: Engine;
let netns: string;
let stateDir: string;
let plane: ControlPlane;
let agent: AgentProcess;
let image: string;
let foreign: string;

/** A node may speak and hear below its own name only, as the platform's server lets it. */
const natsUsers = `authorization { users: [
  { user: plane, password: secret, permissions: { publish: ">", subscribe: ">" } }
  { user: ${node}, password: secret, permissions: {
      publish: ["node.${node}.>", "_INBOX_node_${node}.>"], subscribe: ["node.${node}.>", "_INBOX_node_${node}.>"]
      allow_responses: { max: 1, expires: "2m" } } }
] }`;
const as = (user: string) => nats.url.replace('nats://', `nats://${user}:secret@`);

beforeAll(async () => {
  [nats, engine, netns, stateDir] = await Promise.all([
    startTestNats({ config: natsUsers }),
    startEngine(),
    lab.namespace('node'),
    mkdtemp(join(tmpdir(), 'atoll-test-')),
  ]);
  image = await engine.image('web', {
    serve: 'echo serving; exec /bin/busybox httpd -f -p 8080 -h /www',
    fail: 'echo failing; exit 3',
    grow: 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
    deaf: 'trap "" TERM; while :; do /bin/busybox sleep 1; done',
    revive: '/bin/busybox rm -f /dead; exec /bin/busybox httpd -f -p 8080 -h /www',
    check: '[ ! -e /dead ]',
    hang: '/bin/busybox sleep 300 & while :; do echo on and on; done',
    cache: '/bin/busybox rm -f /dead; /bin/busybox sleep 1; exec /bin/busybox httpd -f -p 9090 -h /www',
    setup: 'echo setting up; /bin/busybox sleep 0.5; [ -e /tried ] || { /bin/busybox touch /tried; exit 3; }',
    late: '/bin/busybox sleep 1; exec /bin/busybox httpd -f -p 8080 -h /www',
    count: 'trap "echo bye; exit 0" TERM; n=0; while :; do echo "line $n"; n=$((n+1)); /bin/busybox usleep 5000; done',
    shout: [
      'echo before; /bin/busybox head -c 1048576 /dev/zero | /bin/busybox tr "\\0" y; echo',
      '/bin/busybox head -c 300 /dev/urandom; echo; /bin/busybox printf "\\033[31mred\\a\\n"; echo oops >&2',
      // Much more than a node keeps.
      'long=$(/bin/busybox head -c 10000 /dev/zero | /bin/busybox tr "\\0" f)',
      'until [ -e /go ]; do /bin/busybox sleep 1; done; /bin/busybox yes "$long" | /bin/busybox head -n 3000; echo after; exec /bin/busybox sleep 1000',
    ].join('\n'),
  });
  await engine.docker('pull', '-q', image);
  foreign = await engine.docker('run', '-d', '--network', 'none', image);
  plane = await ControlPlane.connect(as('plane'), node);
  agent = new AgentProcess({
    ATOLL_NATS_URL: as(node),
    ATOLL_NODE_ID: node,
    ATOLL_NODE_NAME: 'node-1',
    ATOLL_STATE_DIR: stateDir,
    ATOLL_RUNTIME: 'docker',
    ATOLL_DOCKER_SOCKET: engine.socket,
    ATOLL_NODE_NETNS: netns,
    ATOLL_CPU_MILLIS: '1500',
    ATOLL_MEMORY_MIB: '2048',
  });
  plane.serve();
  agent.start();
});

afterAll(async () => {
  await agent?.kill();
  if (process.env.ATOLL_TEST_LOGS) await writeFile(process.env.ATOLL_TEST_LOGS, agent.lines.join('\n'));
  await plane?.close();
  await engine?.close();
  await nats?.stop();
  await lab.close();
  await rm(stateDir, { recursive: true, force: true });
});

const commands = () => commandsIn(netns);
let host = 1;
interface Planned {
  readonly instance: DesiredInstance;
  readonly end: RuleEndpoint;
}
function planned(spec: Partial<DesiredInstance['spec']> = {}, grace = 1): Planned {
  const instance = desiredInstance(newId('instance'), { image, ...spec }, grace);
  return { instance, end: endpointAt(instance.instanceId, 7, ++host) };
}
const quick = { ...defaultTiming, periodSeconds: 1 };
/** For programs that answer: however long a busy machine takes to run them, it is their answer that counts. */
const patient = { ...quick, timeoutSeconds: 10 };
const http = { kind: 'HTTP', port: 8080, path: '/', ...quick, successThreshold: 1 } as const;

/** Tells the agent to run these, and nothing else. */
function want(all: readonly Planned[], openings: readonly Opening[] = []): number {
  plane.want(all.map(({ instance }) => instance));
  return plane.guard(
    compile(
      all.map(({ end }) => end),
      openings,
    ),
  );
}
const opening = (from: Planned, to: Planned): Opening => ({
  policyId: newId('policy'),
  from: [from.end.instanceId],
  to: [to.end.instanceId],
  protocol: 'TCP',
  ports: { from: 8080, to: 8080 },
});

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}
async function containers(instance?: Id<'instance'>): Promise<Listed[]> {
  const format = '{"id":"{{.ID}}","name":"{{.Names}}","state":"{{.State}}"}';
  const mine = ['--filter', `label=atoll.node=${node}`];
  const output = await engine.docker('ps', '-a', '--no-trunc', '--format', format, ...mine);
  const all = output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Listed);
  return all
    .filter((one) => instance === undefined || one.name.endsWith(instance))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
const startedAt = async (instance: Id<'instance'>) =>
  new Date(await engine.docker('inspect', '--format', '{{.State.StartedAt}}', `atoll-app-${instance}`)).getTime();
const wires = async () =>
  (await commands().run('ip', ['-br', 'link', 'show', 'type', 'veth'])).stdout
    .split('\n')
    .filter((line) => line.startsWith(names.prefix));

async function nothingLeft(): Promise<void> {
  want([]);
  await plane.untilReport('an empty node', (report) => report.instances.length === 0);
  expect(await containers()).toEqual([]);
  expect(await wires()).toEqual([]);
}
beforeEach(async () => {
  plane.serve();
  await nothingLeft();
});

describe('a start', () => {
  test('happens only after the rules of the endpoint are in force', async () => {
    const web = planned({ readiness: http });
    plane.want([web.instance]);
    const waiting = await plane.untilReport('it waits for its address', (report) =>
      report.instances.some((one) => one.state === 'PENDING' && one.message.includes('address')),
    );
    expect(waiting).toMatchObject({
      runtime: 'docker',
      name: 'node-1',
      capacity: { cpuMillis: 1500, memoryMiB: 2048 },
    });
    // Nothing starts while the network document is withheld, over a whole resync.
    await plane.untilReport('a heartbeat', () => true);
    expect(await containers()).toEqual([]);

    const from = plane.workloadsReports.length;
    const generation = plane.guard(compile([web.end], []));
    const { applied } = await plane.untilEnforced(generation);
    await plane.until(web.instance.instanceId, 'READY');
    expect(await startedAt(web.instance.instanceId)).toBeGreaterThan(Date.parse(applied?.at ?? ''));
    const states = plane.workloadsReports.slice(from).flatMap((report) => report.instances.map((one) => one.state));
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual(['PENDING', 'STARTING', 'READY']);
  });

  test('does not happen where the rule set with the endpoint is refused, and goes on with the next good one', async () => {
    const [web, other] = [planned(), planned()];
    plane.want([web.instance, other.instance]);
    const broken = { ...opening(web, other), ports: { from: 1, to: 99_999 } };
    const bad = plane.guard(compile([web.end, other.end], [broken]));
    const report = await until('the refusal', () => plane.networkReports.find((one) => one.error?.generation === bad));
    expect(report.error?.message).toMatch(/99999.*-A atl/);
    expect(report.applied?.generation).toBeLessThan(bad);
    await plane.untilReport(
      'they wait',
      ({ instances }) =>
        instances.length === 2 &&
        instances.every((one) => one.state === 'PENDING' && one.message.includes('firewall rules')),
    );
    expect((await containers()).filter((one) => one.name.includes('app'))).toEqual([]);
    plane.guard(compile([web.end, other.end], [opening(web, other)]));
    await plane.until(web.instance.instanceId, 'READY');
  });

  test('of one instance is not held up by the slow image of another', async () => {
    const port = await freePort();
    const silent: Server = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    const slow = [1, 2, 3, 4].map(() => planned({ image: `127.0.0.1:${port}/slow@${someDigest}` }));
    const web = planned({ readiness: http });
    want(slow);
    await plane.untilReport('the slow ones are being pulled', (report) => report.instances.length === 4);
    want([...slow, web]);
    await plane.until(web.instance.instanceId, 'READY');
    for (const one of slow)
      expect(plane.instance(one.instance.instanceId)).toMatchObject({
        state: 'PENDING',
        message: expect.stringContaining('pulled'),
      });
    await nothingLeft();
    silent.close();
  });
});

describe('traffic between containers', () => {
  test('passes where a policy opens it and nowhere else, and can be probed live; logs can be read', async () => {
    const [client, web, alone] = [planned(), planned({ readiness: http }), planned()];
    want([client, web, alone], [opening(client, web)]);
    for (const each of [client, web, alone]) await plane.until(each.instance.instanceId, 'READY');
    const ask = async (from: Planned, address: string, port = 8080) =>
      plane.probe({ from: from.instance.instanceId, address, port, protocol: 'HTTP', path: '/', timeoutMs: 1000 });
    for (const address of [web.end.ipv4, web.end.ipv6]) {
      expect(await ask(client, address)).toMatchObject({
        outcome: 'CONNECTED',
        httpStatus: 200,
        httpBody: 'web\n',
        simulated: false,
      });
      expect(await ask(alone, address)).toMatchObject({ outcome: 'TIMED_OUT', httpStatus: null });
      expect(await ask(client, address, 8081)).toMatchObject({ outcome: 'TIMED_OUT' });
    }
    expect(await ask(web, client.end.ipv4)).toMatchObject({ outcome: 'TIMED_OUT' });
    const nobody = await plane.probe({
      from: newId('instance'),
      address: web.end.ipv4,
      port: 1,
      protocol: 'TCP',
      path: '/',
      timeoutMs: 100,
    });
    expect(nobody.outcome).toBe('NOT_RUNNING');
    expect(textsOf(await plane.logs(web.instance.instanceId))).toEqual(['serving']);
    expect(await plane.logs(newId('instance'))).toMatchObject({ lines: [], state: 'NONE' });
  });
});

const textsOf = ({ lines }: LogsReply) => lines.map(({ text }) => text);

describe('what an instance writes', () => {
  test('is told once and in order by places, over a kill of the agent, to its last line, also when it is gone', {
    timeout: 120_000,
  }, async () => {
    const one = planned({ command: ['/bin/count'] });
    const { instanceId } = one.instance;
    want([one]);
    await plane.until(instanceId, 'READY');
    const told: LogLine[] = [];
    let cursor: string = logBeginning;
    async function follow(until: () => boolean): Promise<void> {
      for (const deadline = Date.now() + 60_000; !until(); ) {
        if (Date.now() > deadline) throw new Error(`only ${told.length} lines`);
        const reply = await plane.logs(instanceId, { after: cursor, lines: 7, waitMs: 500 }, 3000).catch(() => null);
        if (reply === null || reply.state === 'NOT_LOOKED') continue;
        expect(reply.gap).toBe(false);
        cursor = reply.cursor ?? cursor;
        told.push(...reply.lines);
      }
    }
    await follow(() => told.length > 50);
    const before = told.length;
    await Promise.all([follow(() => told.length > before + 100), agent.kill().then(() => agent.start())]);
    want([]);
    await plane.untilReport('it is gone', (report) => report.instances.length === 0);
    await follow(() => told.at(-1)?.text === 'bye');
    const [last, ...lines] = told.toReversed();
    expect(last).toMatchObject({ text: 'bye' });
    expect(lines.toReversed().map(({ text }) => text)).toEqual(lines.map((_, n) => `line ${n}`));
    // Of a place in its middle, also by an agent that has never seen it.
    await agent.stop();
    agent.start();
    await plane.untilReport('the first report', () => true);
    const again = await plane.logs(instanceId, { after: told[4]?.cursor ?? '', lines: 2 });
    expect(again).toMatchObject({ state: 'NONE', gap: false, lines: [{ text: 'line 5' }, { text: 'line 6' }] });
  });

  test('before it was started again is what is previous', async () => {
    const one = planned({ command: ['/bin/fail'] });
    const { instanceId } = one.instance;
    want([one]);
    await until('its third start', () => (plane.instance(instanceId)?.restarts ?? 0) >= 2);
    const all = await until('what it wrote', async () => {
      const reply = await plane.logs(instanceId);
      return reply.lines.length >= 3 && reply;
    });
    // Once the agent has seen the third start, too.
    const previous = await until('what it wrote before', async () => {
      const reply = await plane.logs(instanceId, { previous: true });
      return reply.lines.length >= 2 && reply;
    });
    expect(previous.lines.length).toBeLessThan((await plane.logs(instanceId)).lines.length);
    expect(all.lines.slice(0, 2)).toEqual(previous.lines.slice(0, 2));
  });

  test('is bounded, whatever it is: a line of 1 MB, what is no text, and more than is kept; others are read meanwhile', async () => {
    const [loud, quiet] = [planned({ command: ['/bin/shout'] }), planned({ readiness: http })];
    const id = loud.instance.instanceId;
    want([loud, quiet]);
    const first = await until('the first lines', async () => {
      const reply = await plane.logs(id).catch(() => null);
      return reply?.lines.some(({ stream }) => stream === 'STDERR') && reply;
    });
    const shown = first.lines;
    expect(shown[0]).toMatchObject({ text: 'before', truncated: false });
    expect(shown[1]).toMatchObject({ text: 'y'.repeat(16_384), truncated: true });
    expect(shown.every(({ text }) => text.isWellFormed())).toBe(true);
    expect(shown.map(({ text }) => text)).toContain('\u001b[31mred\u0007');
    const { cursor } = shown[0] ?? { cursor: logBeginning };
    await engine.docker('exec', `atoll-app-${id}`, '/bin/busybox', 'touch', '/go');
    const end = await until('the end of the flood', async () => {
      expect(textsOf(await plane.logs(quiet.instance.instanceId)).length).toBeLessThanOrEqual(1);
      const reply = await plane.logs(id, { lines: 1 });
      return reply.lines[0]?.text === 'after' && reply;
    });
    const late = await plane.logs(id, { after: cursor });
    expect(late.gap).toBe(true);
    expect(JSON.stringify(late).length).toBeLessThan(600_000);
    expect(late.more).toBe(true);
    let rest = late;
    let lines = late.lines.length;
    while (rest.more) {
      rest = await plane.logs(id, { after: rest.cursor });
      expect(rest.gap).toBe(false);
      lines += rest.lines.length;
    }
    expect(rest.lines.at(-1)?.text).toBe('after');
    expect(rest.cursor).toBe(end.cursor);
    // Of 30 MB the newest 10 to 20.
    expect(lines).toBeGreaterThan(900);
    expect(lines).toBeLessThan(2200);
    expect(textsOf(await plane.logs(quiet.instance.instanceId))).toEqual(['serving']);
  });
});

describe('an instance that cannot run says why', () => {
  const cases: readonly [
    string,
    Partial<DesiredInstance['spec']>,
    ObservedInstance['state'],
    ObservedInstance['reason'],
    RegExp,
  ][] = [
    [
      'an image that is not there',
      { image: `127.0.0.1:1/none@${someDigest}` },
      'WAITING',
      'IMAGE_PULL_FAILED',
      /image can't be pulled.*connection refused/,
    ],
    [
      'a command that is not there',
      { command: ['/bin/none'] },
      'WAITING',
      'CONTAINER_CREATE_FAILED',
      /can't be started.*\/bin\/none/,
    ],
    ['a process that ends', { command: ['/bin/fail'] }, 'UNREADY', 'EXITED', /exit code 3/],
    [
      'too little memory',
      { command: ['/bin/grow'], resources: { cpuMillis: 1000, memoryMiB: 8 } },
      'UNREADY',
      'OUT_OF_MEMORY',
      /more memory than its limit/,
    ],
  ];
  test.each(cases)('%s', async (_, spec, state, reason, message) => {
    const one = planned(spec);
    want([one]);
    expect((await plane.until(one.instance.instanceId, state, reason)).message).toMatch(message);
  });

  test('a process that does not get ready', async () => {
    const one = planned({ readiness: { kind: 'TCP', port: 9999, ...quick, successThreshold: 1 } });
    want([one]);
    await plane.until(one.instance.instanceId, 'STARTING');
    const unready = await plane.until(one.instance.instanceId, 'UNREADY', 'READINESS_FAILED');
    expect(unready.message).toBe('Its readiness probe fails (TCP port 9999): nothing listens there.');
  });

  test('a program in it that says so: not ready, never started up, or no longer alive, and what hangs is killed whole', async () => {
    const check: Probe = { kind: 'EXEC', command: ['/bin/check'], ...patient };
    const fails: Probe = { ...check, failureThreshold: 2 };
    const dying = planned({ command: ['/bin/revive'], readiness: { ...check, successThreshold: 2 }, liveness: fails });
    const hanging = planned({ readiness: { ...check, ...quick, command: ['/bin/hang'], successThreshold: 1 } });
    const never = planned({ startup: { ...fails, command: ['/bin/none'] }, readiness: http });
    want([dying, hanging, never]);
    const app = `atoll-app-${dying.instance.instanceId}`;

    await plane.until(dying.instance.instanceId, 'READY');
    const before = await startedAt(dying.instance.instanceId);
    await engine.docker('exec', app, '/bin/busybox', 'touch', '/dead');
    const dead = await plane.until(dying.instance.instanceId, 'UNREADY', 'LIVENESS_FAILED');
    expect(dead.message).toBe(
      'Its liveness probe fails (command /bin/check): it ended with exit code 1. It failed 2 times in a row: its process is ended and started again.',
    );
    expect(await plane.until(dying.instance.instanceId, 'READY')).toMatchObject({ restarts: 1 });
    expect(await startedAt(dying.instance.instanceId)).toBeGreaterThan(before);

    await plane.until(never.instance.instanceId, 'UNREADY', 'STARTUP_FAILED');
    await until('it was started again', () => (plane.instance(never.instance.instanceId)?.restarts ?? 0) >= 1);

    const overdue = () => plane.instance(hanging.instance.instanceId)?.message ?? '';
    await until('it is killed', () => overdue().includes('it had not ended after 1 s and was killed'));
    // Between two rounds there is nothing left of any.
    const top = () => engine.docker('top', `atoll-app-${hanging.instance.instanceId}`);
    await until('what it began is gone', async () => !(await top()).includes('sleep 300'));
  });

  test('and is started again, with longer and longer pauses, and counted', async () => {
    const one = planned({ command: ['/bin/fail'] });
    want([one]);
    const starts: number[] = [];
    await until('its third start', async () => {
      const at = plane.instance(one.instance.instanceId)?.startedAt;
      if (at && !starts.includes(Date.parse(at))) starts.push(Date.parse(at));
      return starts.length >= 3;
    });
    expect(plane.instance(one.instance.instanceId)?.restarts).toBe(2);
    const [first = 0, second = 0, third = 0] = starts;
    expect(second - first).toBeGreaterThanOrEqual(1000);
    expect(third - second).toBeGreaterThanOrEqual(2000);
  });
});

describe('several processes', () => {
  const beside = (name: string, more: Partial<Process>): Process => {
    const { others: _, ...main } = desiredInstance(newId('instance'), { image }).spec;
    return { ...main, name, kind: 'SERVICE', ports: [], ...more };
  };
  /** web waits for setup, which fails once, and for cache, which takes a second. */
  const shop = () =>
    planned({
      name: 'web',
      readiness: http,
      dependsOn: [
        { process: 'setup', condition: 'COMPLETED' },
        { process: 'cache', condition: 'READY' },
      ],
      others: [
        beside('cache', {
          command: ['/bin/cache'],
          readiness: { kind: 'TCP', port: 9090, ...quick, successThreshold: 1 },
          liveness: { kind: 'EXEC', command: ['/bin/check'], ...patient, failureThreshold: 2 },
        }),
        beside('setup', {
          command: ['/bin/setup'],
          kind: 'TASK',
          dependsOn: [{ process: 'cache', condition: 'STARTED' }],
        }),
      ],
    });
  const time = async (container: string, at: 'StartedAt' | 'FinishedAt') =>
    Date.parse(await engine.docker('inspect', '--format', `{{.State.${at}}}`, container));

  /** Setup after cache, web after both. */
  async function inOrder(instance: Id<'instance'>): Promise<void> {
    const app = `atoll-app-${instance}`;
    const [cache, setup, web] = [
      await time(`${app}-cache`, 'StartedAt'),
      await time(`${app}-setup`, 'FinishedAt'),
      await time(app, 'StartedAt'),
    ];
    expect(setup).toBeGreaterThan(cache);
    expect(web).toBeGreaterThan(setup);
    expect(web - cache).toBeGreaterThan(1000);
  }

  test('are started in the order that they ask for, restarted by themselves, and stopped the other way round', async () => {
    const pod = shop();
    const { instanceId } = pod.instance;
    const app = `atoll-app-${instanceId}`;
    want([pod]);
    await plane.until(instanceId, 'READY');
    await inOrder(instanceId);
    const shown = ({ name, kind, state, restarts, exitCode }: ProcessState) => ({
      name,
      kind,
      state,
      restarts,
      exitCode,
    });
    expect((await plane.processes(instanceId)).map(shown)).toEqual([
      { name: 'cache', kind: 'SERVICE', state: 'READY', restarts: 0, exitCode: null },
      { name: 'setup', kind: 'TASK', state: 'COMPLETED', restarts: 1, exitCode: 0 },
      { name: 'web', kind: 'SERVICE', state: 'READY', restarts: 0, exitCode: null },
    ]);

    const logsOf = async (process?: string) =>
      textsOf(await plane.logs(instanceId, process === undefined ? {} : { process }));
    expect(await Promise.all([logsOf(), logsOf('setup'), logsOf('cache'), logsOf('none')])).toEqual([
      ['serving'],
      ['setting up', 'setting up'],
      [],
      [],
    ]);

    const starts = () => Promise.all([app, `${app}-setup`, `${app}-cache`].map((one) => time(one, 'StartedAt')));
    const [web, setup, cache = 0] = await starts();
    const ails = plane.untilReport('cache ails', ({ instances }) =>
      instances.some(
        ({ state, reason, message }) =>
          state === 'UNREADY' &&
          reason === 'LIVENESS_FAILED' &&
          message.startsWith('cache: Its liveness probe fails (command /bin/check)'),
      ),
    );
    await engine.docker('exec', `${app}-cache`, '/bin/busybox', 'touch', '/dead');
    await ails;
    expect(await plane.until(instanceId, 'READY')).toMatchObject({ restarts: 2 });
    const after = await starts();
    expect(after.slice(0, 2)).toEqual([web, setup]);
    expect(after[2]).toBeGreaterThan(cache);

    const since = new Date().toISOString();
    await nothingLeft();
    const died = ['events', '--since', since, '--until', new Date().toISOString(), '--filter', 'event=die'];
    const names = (await engine.docker(...died, '--format', '{{.Actor.Attributes.name}}')).split('\n');
    expect(names.filter((name) => name.startsWith(app))).toEqual([app, `${app}-cache`]);
    expect(await logsOf('setup')).toEqual(['setting up', 'setting up']);
  });

  test('are each there once, and in order, whenever the agent is killed while they are started', async () => {
    const pods = [shop(), shop()] as const;
    want(pods);
    for (const [index, process] of ['cache', 'setup'].entries()) {
      const name = `atoll-app-${pods[index]?.instance.instanceId}-${process}`;
      // Its run is short: it may be over by now.
      await until(`${process} was started`, async () =>
        (await containers()).some((one) => one.name === name && one.state !== 'created'),
      );
      await agent.kill();
      agent.start();
    }
    for (const { instance } of pods) {
      const { instanceId } = instance;
      await plane.until(instanceId, 'READY');
      await inOrder(instanceId);
      const there = (await containers()).map(({ name }) => name).filter((name) => name.includes(instanceId));
      const app = `atoll-app-${instanceId}`;
      expect(there).toEqual([app, `${app}-cache`, `${app}-setup`, `atoll-sandbox-${instanceId}`]);
      // A start that a kill came before is counted, too.
      const restarts = (await plane.processes(instanceId)).map((one) => [one.name, one.restarts] as const);
      const least = { cache: 0, setup: 1, web: 0 };
      expect(restarts.map(([name]) => name)).toEqual(Object.keys(least));
      for (const [name, count] of restarts) {
        expect(count - least[name as keyof typeof least], name).toBeOneOf([0, 1, 2]);
      }
    }
  });
});

describe('a stop', () => {
  test('ends the process in its time, and it is reported until everything of it is gone', async () => {
    const deaf = planned({ command: ['/bin/deaf'] }, 2);
    want([deaf]);
    await plane.until(deaf.instance.instanceId, 'READY');
    const began = Date.now();
    plane.want([]);
    await plane.until(deaf.instance.instanceId, 'STOPPING');
    expect(await containers(deaf.instance.instanceId)).not.toEqual([]);
    await plane.untilReport('it is gone', (report) => report.instances.length === 0);
    expect(Date.now() - began).toBeGreaterThan(1900);
    expect(await containers()).toEqual([]);
    expect(await wires()).toEqual([]);
  });
});

describe('a crash of the agent', () => {
  test('leaves containers running; the next start adopts them as they are', async () => {
    const [client, web] = [planned(), planned({ readiness: http })];
    want([client, web], [opening(client, web)]);
    for (const each of [client, web]) await plane.until(each.instance.instanceId, 'READY');
    const before = await containers();
    const rules = (await commands().run('iptables-save', [])).stdout;
    const last = plane.report()?.sequence ?? 0;
    await agent.kill();
    expect(await containers()).toEqual(before);
    agent.start();
    const report = await plane.untilReport('its first report', () => true);
    expect(report.sequence).toBeGreaterThan(last);
    await plane.untilReport(
      'both are ready again',
      ({ instances }) => instances.length === 2 && instances.every((one) => one.state === 'READY'),
    );
    expect(await containers()).toEqual(before);
    expect(plane.report()?.instances.map((one) => one.restarts)).toEqual([0, 0]);
    const comparable = (text: string) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .map((line) => line.replace(/\[.*\]/, ''));
    expect(comparable((await commands().run('iptables-save', [])).stdout)).toEqual(comparable(rules));
  });

  test('at any moment is made good: everything once, and nothing half', async () => {
    for (let round = 0; round < 8; round++) {
      const all = [planned(), planned(), planned()];
      const reports = plane.workloadsReports.length;
      want(all);
      // Later in each round: in the middle of sandboxes, wires, containers.
      await until('its work began', () => plane.workloadsReports.length > reports);
      const moment = Date.now() + round * 120;
      await until('the moment', () => Date.now() >= moment);
      await agent.kill();
      agent.start();
      for (const { instance } of all) await plane.until(instance.instanceId, 'READY');
      // What was there before goes at the same time as the new comes: it may be a moment behind.
      await expect
        .poll(async () => (await containers()).map((one) => `${one.name} ${one.state}`), { timeout: 15_000 })
        .toEqual(
          all
            .flatMap(({ instance }) => [
              `atoll-app-${instance.instanceId} running`,
              `atoll-sandbox-${instance.instanceId} running`,
            ])
            .sort(),
        );
      await expect.poll(wires, { timeout: 15_000 }).toHaveLength(3);
      if (round % 2 === 0) await nothingLeft();
    }
  });
});

describe('without the services', () => {
  test('the node goes on with what it knows, also after a restart of its own', async () => {
    const web = planned({ readiness: http });
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    await plane.silence();
    await agent.kill();
    await engine.docker('kill', `atoll-app-${web.instance.instanceId}`);
    agent.start();
    await until('it runs again', async () =>
      (await containers(web.instance.instanceId)).every((one) => one.state === 'running'),
    );
    plane.serve();
    expect(await plane.until(web.instance.instanceId, 'READY')).toMatchObject({ restarts: 1 });
  });

  test('and without its files, nothing is removed', async () => {
    const web = planned({ readiness: http });
    const last = want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    const before = await containers();
    await plane.silence();
    await agent.kill();
    await rm(stateDir, { recursive: true });
    agent.start();
    await until('the agent is ready', async () => (await agent.readyz()).ok);
    expect(await containers()).toEqual(before);
    plane.serve();
    await plane.untilReport('it has the newest again', (report) => report.generation === last - 1);
    await plane.until(web.instance.instanceId, 'READY');
    expect(await containers()).toEqual(before);
  });

  test('a torn file is left aside with a word in the log; the other documents are used', async () => {
    const web = planned({ readiness: http });
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    const before = await containers();
    await plane.silence();
    await agent.kill();
    const file = join(stateDir, 'workloads.json');
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 100));
    const logged = agent.lines.length;
    agent.start();
    await until(
      'the agent is ready',
      async () => agent.lines.slice(logged).some((line) => line.includes('healthPort')) && (await agent.readyz()).ok,
    );
    expect(agent.lines.slice(logged).some((line) => line.includes('unusable') && line.includes('workloads.json'))).toBe(
      true,
    );
    expect(await containers()).toEqual(before);
    plane.serve();
    await plane.untilReport('it has pulled anew', (report) => report.generation > 0);
    expect(await containers()).toEqual(before);
  });

  test('an older generation is never applied over a newer one', async () => {
    const web = planned();
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    plane.offerOlder();
    await plane.untilReport('a heartbeat', () => true);
    expect(plane.instance(web.instance.instanceId)?.state).toBe('READY');
    // The services' newest facts come back.
    plane.want([web.instance]);
  });
});

describe('when NATS goes and comes back', () => {
  test('the agent pulls what it missed', async () => {
    const web = planned({ readiness: http });
    await nats.kill();
    await nats.restart();
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
  });
});

describe('when Docker goes and comes back', () => {
  test('it is said, what runs runs on, and the work is finished', async () => {
    const [web, next] = [planned({ readiness: http }), planned()];
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    const before = await startedAt(web.instance.instanceId);
    await engine.kill();
    want([web, next]);
    await until('the health page says so', async () => {
      const page = await agent.readyz();
      return page.status === 503 && (await page.text()).includes("Docker isn't answering");
    });
    await engine.start();
    await plane.until(next.instance.instanceId, 'READY');
    await plane.until(web.instance.instanceId, 'READY');
    expect(await startedAt(web.instance.instanceId)).toBe(before);
    await until('the health page is fine again', async () => (await agent.readyz()).ok);
  });

  test('a sandbox that was lost is built anew, wire and all', async () => {
    const [client, web] = [planned(), planned({ readiness: http })];
    want([client, web], [opening(client, web)]);
    for (const each of [client, web]) await plane.until(each.instance.instanceId, 'READY');
    await engine.docker('kill', `atoll-sandbox-${web.instance.instanceId}`);
    await plane.until(web.instance.instanceId, 'UNREADY', 'EXITED');
    expect(await plane.until(web.instance.instanceId, 'READY')).toMatchObject({ restarts: 1 });
    const reply = await plane.probe({
      from: client.instance.instanceId,
      address: web.end.ipv4,
      port: 8080,
      protocol: 'TCP',
      path: '/',
      timeoutMs: 1000,
    });
    expect(reply.outcome).toBe('CONNECTED');
  });
});

describe('another agent that is taken for the node', () => {
  test('leaves everything here as it is, whatever is wanted; this one goes on when it is taken again', async () => {
    const web = planned();
    want([web]);
    await plane.until(web.instance.instanceId, 'READY');
    const before = await containers();
    plane.refusal = `${node} is run by another agent`;
    await until('it stands back', async () =>
      (await (await agent.readyz()).text()).includes('is run by another agent'),
    );
    const more = planned();
    const generation = want([web, more]);
    // It knows of it by then, and has looked twice.
    for (let heartbeat = 0; heartbeat < 2; heartbeat++) {
      await plane.untilReport('a heartbeat', (report) => report.generation >= generation - 1);
    }
    expect(await containers()).toEqual(before);
    expect(plane.networkReports.at(-1)?.applied?.generation).toBeLessThan(generation);
    plane.refusal = null;
    await plane.untilEnforced(generation);
    await plane.until(more.instance.instanceId, 'READY');
    expect(agent.lines.filter((line) => line.includes('stands back'))).toHaveLength(1);
  });
});

describe('the end', () => {
  test("clean-up takes everything of the node's away, twice, and nothing of anybody else's", async () => {
    const all = [planned(), planned()];
    want(all);
    for (const { instance } of all) await plane.until(instance.instanceId, 'READY');
    expect(await agent.stop()).toBe(0);
    expect(await containers()).toHaveLength(4);
    for (let time = 0; time < 2; time++) {
      await agent.cleanUp();
      expect(await containers()).toEqual([]);
      expect(await wires()).toEqual([]);
      for (const [program, args] of [
        ['iptables-save', []],
        ['ip6tables-save', []],
        ['ipset', ['save']],
        ['ip', ['route', 'show']],
        ['ip', ['-6', 'route', 'show']],
      ] as const) {
        const { stdout } = await commands().run(program, args);
        expect(stdout.split('\n').filter((line) => line.includes(names.prefix) || line.includes('blackhole'))).toEqual(
          [],
        );
      }
    }
    agent.start();
  });
});

afterAll(async () => {
  // All along: a container that isn't ours was left alone.
  expect(await engine.docker('inspect', '--format', '{{.State.Running}}', foreign)).toBe('true');
});
