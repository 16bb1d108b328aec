/** The parts of a long run: each goes on until it is enough, and says what it has tried and what was wrong. */
import { complaints, runContinuity } from '../campaigns/continuity.ts';
import { runCutOff } from '../campaigns/cut-off.ts';
import { checkNames } from '../campaigns/names.ts';
import { openPolicyProver } from '../campaigns/policies.ts';
import { openRuleSetProver } from '../campaigns/rule-sets.ts';
import type { Prover } from '../proof.ts';
import { attacks } from './attacks.ts';
import { type Part, seconds, thousands } from './part.ts';
import { platform } from './platform.ts';
import { sabotage } from './sabotage.ts';

/** Random worlds of one kind, each put in force and tried. */
function proven(name: string, share: number, volume: number, what: string, open: () => Promise<Prover>): Part {
  return {
    name,
    share,
    volume,
    async run(seed, bound) {
      const prover = await open();
      const wrong: string[] = [];
      let [done, probes, passed, slowest] = [0, 0, 0, 0];
      try {
        for (; !bound.enough(done); done++) {
          const proof = await prover.round(seed + done);
          probes += proof.probes;
          passed += proof.passed;
          slowest = Math.max(slowest, proof.enforcedMs);
          wrong.push(...proof.mismatches.map((one) => `seed ${seed + done}: ${one}`));
        }
      } finally {
        await prover.close();
      }
      return {
        part: name,
        tried: `${done} ${what}, ${thousands(probes)} connections`,
        measured: `${thousands(passed)} of them open; in force within ${seconds(slowest)}`,
        wrong,
      };
    },
  };
}

const continuity: Part = {
  name: 'continuity',
  share: 0.25,
  volume: 500,
  async run(seed, bound) {
    const goOn = (updates: number) => !bound.enough(updates);
    const outcome = await runContinuity({ seed, goOn, restartEvery: 25, killEvery: 10 });
    const sum = (what: 'sent' | 'lost' | 'leaked') => outcome.counts.reduce((all, count) => all + count[what], 0);
    const { updates, restarts, kills, said } = outcome;
    return {
      part: this.name,
      tried: `${updates} updates, ${restarts} restarts, ${kills} kill -9`,
      measured: `${thousands(sum('sent'))} probes: ${sum('lost')} lost, ${sum('leaked')} leaked; ${thousands(said)} lines over an open connection`,
      wrong: complaints(outcome).map((one) => `seed ${seed}: ${one}`),
    };
  },
};

/** The promise, in full; a busy machine may take longer, and then that is told. */
const convergesWithinMs = 5000;

const cutOff: Part = {
  name: 'cut off',
  share: 0.1,
  volume: 20,
  async run(seed, bound) {
    const changes = this.volume;
    const pauseMs = Math.max(20, bound.silenceMs / changes);
    const outcome = await runCutOff({ seed, changes, pauseMs });
    const mismatches = Object.entries(outcome.proofs).flatMap(([when, proof]) =>
      proof.mismatches.map((one) => `seed ${seed}, ${when}: ${one}`),
    );
    const late =
      outcome.convergedMs > convergesWithinMs ? [`seed ${seed}: caught up after ${outcome.convergedMs} ms`] : [];
    const leaked =
      outcome.leakedAtBoot > 0 ? [`seed ${seed}: ${outcome.leakedAtBoot} packets came through at boot`] : [];
    return {
      part: this.name,
      tried: `${changes} changes in ${seconds(pauseMs * changes)} of silence, 1 kill -9, 1 new machine`,
      measured: `caught up in ${seconds(outcome.convergedMs)}; ${thousands(outcome.sentAtBoot)} packets at boot, none came through`,
      wrong: [...mismatches, ...leaked, ...late],
    };
  },
};

const hostileNames: Part = {
  name: 'hostile names',
  share: 0.05,
  volume: 100_000,
  async run(seed, bound) {
    const atOnce = 200;
    const wrong: string[] = [];
    let done = 0;
    for (; !bound.enough(done); done += atOnce) {
      wrong.push(...checkNames(seed + done, atOnce).map((one) => `seed ${seed + done}: ${one}`));
    }
    return { part: this.name, tried: `${thousands(done)} names`, measured: 'each as a key and as a value', wrong };
  },
};

export const parts: readonly Part[] = [
  proven('random policies', 0.3, 200, 'sets of policies', openPolicyProver),
  proven('random rules', 0.1, 100, 'rule sets', openRuleSetProver),
  continuity,
  sabotage,
  cutOff,
  hostileNames,
  attacks,
  platform,
];
