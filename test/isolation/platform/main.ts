/**
 * The whole platform with three nodes, for a long run, in a network namespace that somebody has made for it. Each line of standard
 * input asks for one thing, and is answered by one line of JSON (run/platform.ts).
 */
import { createInterface } from 'node:readline';
import { Lab } from '../../../agent/test/lab.ts';
import { diceOf } from '../random.ts';
import { openCluster } from './cluster.ts';
import { measureTakeover, publicInterface } from './takeover.ts';
import { openTrial } from './trial.ts';

const cluster = await openCluster({ ATOLL_PUBLIC_INTERFACE: publicInterface });
const lab = new Lab();
const trial = openTrial(cluster);
const agents = ['agent-1', 'agent-2', 'agent-3'] as const;

async function answer(line: string): Promise<unknown> {
  const [verb, number] = line.split(' ');
  const dice = diceOf(Number(number));
  switch (verb) {
    case 'round':
      return trial.round(dice);
    case 'kills':
      return trial.round(dice, async () => {
        const killed = [dice.of(agents), ...dice.some(['network', 'deploy', 'gateway', 'nats'], 0.4)];
        await Promise.all(killed.map((name) => cluster.platform.killAndAwait(name)));
      });
    case 'takeover':
      await trial.clear();
      return measureTakeover(cluster, lab);
    default:
      throw new Error(`nothing is called "${line}"`);
  }
}

const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);
try {
  say({ parties: cluster.parties.length });
  for await (const line of createInterface({ input: process.stdin })) {
    say(
      await answer(line).catch((error: unknown) => ({
        failed: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })),
    );
  }
} finally {
  await lab.close();
  await cluster.close();
}
process.exit(0);
