/** Must-allow and must-deny connections, tried 100 times a second while rules change, agents restart and are killed. */
import { setTimeout as pause } from 'node:timers/promises';
import { families } from '@atoll/agent/render/family';
import type { RuleSet } from '@atoll/schema/node/network';
import type { Failpoint } from '@atoll/service/failpoint-points';
import { endpointAt, fixedId, pools } from '../../../agent/test/fixtures.ts';
import { type Party, Segment, type SegmentNode } from '../lab/segment.ts';
import { type Flow, type FlowCount, startStreams } from '../lab/stream.ts';
import { answerDatagrams } from '../lab/volley.ts';
import { nodePasses } from '../model/rule-set.ts';
import { enforce } from '../proof.ts';
import { type Dice, diceOf } from '../random.ts';
import { type Ends, type Role, roles, someRuleSets, wanted } from '../worlds/updates.ts';

export interface Continuity {
  readonly updates: number;
  readonly restarts: number;
  readonly kills: number;
  readonly counts: readonly FlowCount[];
  /** What was said over a connection that stayed open all the time, and how often no answer came. */
  readonly said: number;
  readonly unanswered: number;
}

interface Options {
  readonly seed: number;
  readonly goOn: (updates: number) => boolean;
  /** After so many updates an agent is ended in an orderly way; after so many others it is killed in the middle of one. */
  readonly restartEvery: number;
  readonly killEvery: number;
}

const endOf = (role: Role) => endpointAt(fixedId('instance', roles.indexOf(role) + 1), 1, roles.indexOf(role) + 2);
const ends: Ends = {
  client: endOf('client'),
  server: endOf('server'),
  intruder: endOf('intruder'),
  other: endOf('other'),
  remote: endOf('remote'),
  comer: endOf('comer'),
};

/** The generator keeps its word: the model says of each rule set what must be. */
function checked(ruleSets: readonly RuleSet[], flows: readonly Flow[]): readonly RuleSet[] {
  for (const { name, source, destination, family, protocol, port, allowed } of flows) {
    const packet = { source: source[family], destination: destination[family], protocol, port };
    const passes = ruleSets.every((rules) => nodePasses({ rules, pools }, packet));
    // Who isn't an endpoint at the moment has no wire that passes anything.
    if (passes && !allowed && source.name === ends.comer.ipv4) continue;
    if (passes !== allowed) throw new Error(`${name} should ${allowed ? '' : 'not '}pass, by what was drawn`);
  }
  return ruleSets;
}

export async function runContinuity(options: Options): Promise<Continuity> {
  const segment = await Segment.open();
  try {
    return await run(segment, options, diceOf(options.seed));
  } finally {
    await segment.close();
  }
}

async function run(segment: Segment, options: Options, dice: Dice): Promise<Continuity> {
  const nodes: readonly SegmentNode[] = [await segment.node(), await segment.node()];
  const parties = new Map<Role | 'outside', Party>();
  for (const [index, role] of roles.entries()) {
    const node = nodes[index < 4 ? 0 : 1];
    if (node) parties.set(role, await segment.pod(node, ends[role]));
  }
  const [outside] = segment.outside;
  if (outside) parties.set('outside', outside);
  const party = (role: Role | 'outside'): Party => {
    const found = parties.get(role);
    if (found === undefined) throw new Error(`nobody is ${role}`);
    return found;
  };
  answerDatagrams([...parties.values()]);
  const flows = families.flatMap((family) =>
    wanted.map(({ from, to, protocol, port, allowed }): Flow => {
      const name = `${family} ${protocol} ${from} → ${to} ${port}`;
      return { name, source: party(from), destination: party(to), family, protocol, port, allowed };
    }),
  );
  const draw = () => checked(someRuleSets(dice, ends), flows);

  await enforce(segment, draw());
  const server = segment.lab.peer(party('server').netns);
  const client = segment.lab.peer(party('client').netns);
  await server.ask({ do: 'listen', protocol: 'TCP', port: 80 });
  const opened = await client.ask({ do: 'open', name: 'held', address: ends.server.ipv4, port: 80 });
  if (opened !== true) throw new Error('the connection that is to be held does not open');

  const streams = startStreams(
    flows,
    segment.pods.map(({ tap }) => tap),
  );
  const outcome = { updates: 0, restarts: 0, kills: 0, said: 0, unanswered: 0 };
  let talking = true;
  const talk = (async () => {
    while (talking) {
      outcome.said += 1;
      if ((await client.ask({ do: 'say', name: 'held' })) !== true) outcome.unanswered += 1;
      await pause(10);
    }
  })();

  const points: readonly (Failpoint | null)[] = ['agent.before-rules', 'agent.after-rules', null, null];
  /** Killed at a failpoint, or at some moment after it has heard of the update. */
  async function killed(node: SegmentNode): Promise<void> {
    const point = dice.of(points);
    outcome.kills += 1;
    if (point !== null) {
      await node.agent.stop();
      node.agent.env.ATOLL_FAILPOINTS = `${point}=kill@2`;
      node.agent.start();
    }
    const enforced = enforce(segment, draw());
    enforced.catch(() => {});
    if (point === null) await pause(dice.number(150));
    else await Promise.race([node.agent.ended(), enforced]);
    await node.agent.kill();
    delete node.agent.env.ATOLL_FAILPOINTS;
    node.agent.start();
    await enforced;
  }

  try {
    for (; options.goOn(outcome.updates); outcome.updates++) {
      const node = dice.of(nodes);
      if (outcome.updates % options.killEvery === options.killEvery - 1) await killed(node);
      else await enforce(segment, draw());
      if (outcome.updates % options.restartEvery === options.restartEvery - 1) {
        outcome.restarts += 1;
        await node.agent.stop();
        node.agent.start();
      }
    }
  } finally {
    talking = false;
    await talk;
    streams.end();
  }
  return { ...outcome, counts: await streams.stop() };
}

/** What went wrong, in words; empty where nothing did. */
export function complaints({ counts, unanswered }: Continuity): string[] {
  return [
    ...counts.flatMap(({ flow, lost, sent, span }) =>
      lost > 0 ? [`${flow.name}: ${lost} of ${sent} lost, between the ${span?.join('th and the ')}th`] : [],
    ),
    ...counts.flatMap(({ flow, leaked, sent }) => (leaked > 0 ? [`${flow.name}: ${leaked} of ${sent} leaked`] : [])),
    ...(unanswered > 0 ? [`the open connection: ${unanswered} times without an answer`] : []),
  ];
}
