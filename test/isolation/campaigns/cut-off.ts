/**
 * A node that hears nothing of its control plane while much changes: what was in force stays in force, also over a restart of the
 * agent and over a new start of the whole machine; what is new stays closed; and once it hears again it catches up.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RuleSet } from '@atoll/schema/node/network';
import { compile, endpointAt, fixedId, pools } from '../../../agent/test/fixtures.ts';
import { until } from '../../../agent/test/lab.ts';
import { type Pod, Segment, type SegmentNode } from '../lab/segment.ts';
import { type Flow, startStreams } from '../lab/stream.ts';
import { answerDatagrams } from '../lab/volley.ts';
import { nodePasses } from '../model/rule-set.ts';
import { enforce, everyProbe, forgetConnections, type Proof, prove, untilEnforced } from '../proof.ts';
import { diceOf } from '../random.ts';
import { ports, randomRuleSets } from '../worlds/rule-sets.ts';

export interface CutOff {
  readonly changes: number;
  readonly proofs: Readonly<Record<string, Proof>>;
  /** Packets that came through while the machine was new and its agent hadn't put any rules there. */
  readonly leakedAtBoot: number;
  readonly sentAtBoot: number;
  /** From the return of the control plane until it was told that the newest rules are in force. */
  readonly convergedMs: number;
}

interface Options {
  readonly seed: number;
  readonly changes: number;
  /** Between two changes. */
  readonly pauseMs: number;
}

const old = [1, 2, 3].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
const away = [4, 5].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
const fresh = endpointAt(fixedId('instance', 6), 1, 9);

export async function runCutOff(options: Options): Promise<CutOff> {
  const segment = await Segment.open();
  try {
    return await run(segment, options);
  } finally {
    await segment.close();
  }
}

const isForwarding = async ({ commands }: SegmentNode) =>
  (await commands.run('sysctl', ['-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])).stdout === '1\n1\n';

async function run(segment: Segment, { seed, changes, pauseMs }: Options): Promise<CutOff> {
  const dice = diceOf(seed);
  let cut = await segment.node();
  const other = await segment.node();
  const draw = (): readonly RuleSet[] => randomRuleSets(dice, [old, away]);
  for (const end of old) await segment.pod(cut, end);
  for (const end of away) await segment.pod(other, end);
  answerDatagrams([...segment.pods, ...segment.outside]);
  let inForce = draw();
  await enforce(segment, inForce);

  const proofs: Record<string, Proof> = {};
  /** Who is new has no rules anywhere, so nothing of it may pass. */
  async function proveThat(what: string): Promise<void> {
    await forgetConnections(segment);
    proofs[what] = await prove(everyProbe(segment, ports), {
      contract: ({ source, destination, family, protocol, port }) => {
        if (source.ipv4 === fresh.ipv4 || destination.ipv4 === fresh.ipv4) return false;
        const packet = { source: source[family], destination: destination[family], protocol, port };
        return inForce.every((rules) => nodePasses({ rules, pools }, packet));
      },
    });
  }
  await proveThat('before');

  const remotes = segment.remotesOf(cut);
  await cut.plane.silence();
  const [first] = inForce;
  let newest = inForce;
  let generation = 0;
  for (let change = 0; change < changes; change++) {
    newest = draw();
    const [rules] = newest;
    if (rules) generation = cut.plane.guard({ ...rules, remotes });
    await pause(pauseMs);
  }
  // The other node keeps what it had, so that what passes is decided by this one.
  newest = [newest[0] ?? compile(old, []), inForce[1] ?? compile(away, [])];
  await segment.pod(cut, fresh);
  await proveThat('cut off, after all changes');

  await cut.agent.kill();
  cut.agent.start();
  // Until it has looked at what is there.
  const known = cut.agent.lines.length;
  await until('the agent to be there again', () => cut.agent.lines.length > known + 2, 60_000);
  await proveThat('cut off, and the agent killed');

  // The machine starts anew: nothing of it is left but the disk of its agent. What is on the wire at once tries to get through.
  const gone = segment.pods.filter(({ node }) => node === cut);
  cut = await segment.node(cut, { agent: 'not yet' });
  const again: Pod[] = [];
  for (const pod of gone) again.push(await segment.replug(cut, pod));
  answerDatagrams([...segment.pods, ...segment.outside]);
  const [outside] = segment.outside;
  if (outside === undefined || first === undefined) throw new Error('there is an outside');
  const closed = again.flatMap((destination): Flow[] =>
    [...again, outside].flatMap((source) =>
      (['ipv4', 'ipv6'] as const).flatMap((family) => {
        const packet = { source: source[family], destination: destination[family], protocol: 'TCP' as const, port: 80 };
        const open =
          nodePasses({ rules: first, pools }, packet) && source.ipv4 !== fresh.ipv4 && destination.ipv4 !== fresh.ipv4;
        if (source === destination || open) return [];
        return [{ name: 'at boot', source, destination, family, protocol: 'TCP', port: 80, allowed: false }];
      }),
    ),
  );
  const streams = startStreams(
    closed,
    segment.pods.map(({ tap }) => tap),
  );
  try {
    await until('traffic to a machine without an agent', () => streams.counts.every(({ sent }) => sent > 50), 60_000);
    cut.agent.start();
    // It forwards nothing before its rules are there.
    await until('the new machine to forward', () => isForwarding(cut), 60_000);
  } finally {
    streams.end();
  }
  const counts = await streams.stop();
  // The way to other nodes follows the rules.
  await segment.connected([...old, ...away]);
  await proveThat('cut off, and the machine started anew');

  const returned = Date.now();
  cut.plane.serve();
  await untilEnforced(cut, generation);
  const convergedMs = Date.now() - returned;
  inForce = newest;
  await proveThat('after the return');
  return {
    changes,
    proofs,
    leakedAtBoot: counts.reduce((sum, count) => sum + count.leaked, 0),
    sentAtBoot: counts.reduce((sum, count) => sum + count.sent, 0),
    convergedMs,
  };
}
