/** The parts of a long run: each goes on until its time is over, and says what it has tried and what was wrong. */
import { complaints, runContinuity } from '../campaigns/continuity.ts';
import { runCutOff } from '../campaigns/cut-off.ts';
import { checkNames } from '../campaigns/names.ts';
import { openPolicyProver } from '../campaigns/policies.ts';
import { openSabotage, someSabotages } from '../campaigns/sabotage.ts';
import { diceOf } from '../random.ts';
import { sabotages } from '../worlds/sabotage.ts';

export interface Row {
  readonly part: string;
  readonly tried: string;
  readonly measured: string;
  /** Each with the seed that shows it again. */
  readonly wrong: readonly string[];
}

export interface Part {
  readonly name: string;
  /** Of the whole time. */
  readonly share: number;
  run(seed: number, endsAt: number): Promise<Row>;
}

const thousands = (count: number) => count.toLocaleString('en');

export const parts: readonly Part[] = [
  {
    name: 'random policies',
    share: 0.35,
    async run(seed, endsAt) {
      const prover = await openPolicyProver();
      const wrong: string[] = [];
      let [sets, probes, passed] = [0, 0, 0];
      try {
        for (; Date.now() < endsAt || sets === 0; sets++) {
          const proof = await prover.round(seed + sets);
          probes += proof.probes;
          passed += proof.passed;
          wrong.push(...proof.mismatches.map((one) => `seed ${seed + sets}: ${one}`));
        }
      } finally {
        await prover.close();
      }
      const tried = `${sets} sets of policies, ${thousands(probes)} connections`;
      return { part: this.name, tried, measured: `${thousands(passed)} of them open`, wrong };
    },
  },
  {
    name: 'continuity',
    share: 0.3,
    async run(seed, endsAt) {
      const goOn = (updates: number) => Date.now() < endsAt || updates === 0;
      const outcome = await runContinuity({ seed, goOn, restartEvery: 25, killEvery: 10 });
      const sent = outcome.counts.reduce((sum, count) => sum + count.sent, 0);
      const { updates, restarts, kills, said } = outcome;
      return {
        part: this.name,
        tried: `${updates} updates, ${restarts} restarts, ${kills} kill -9`,
        measured: `${thousands(sent)} probes, ${thousands(said)} lines over an open connection`,
        wrong: complaints(outcome).map((one) => `seed ${seed}: ${one}`),
      };
    },
  },
  {
    name: 'sabotage',
    share: 0.2,
    async run(seed, endsAt) {
      const dice = diceOf(seed);
      const run = await openSabotage(seed);
      const wrong: string[] = [];
      const times: number[] = [];
      let [rounds, acts] = [0, 0];
      try {
        for (; Date.now() < endsAt || rounds === 0; rounds++) {
          const what = someSabotages(dice, dice.chance(0.6) ? 1 : 1 + dice.number(sabotages.length));
          const repair = await run.round(dice, what);
          acts += what.length;
          if (repair.ms !== null) times.push(repair.ms);
          wrong.push(...repair.complaints.map((one) => `seed ${seed}, ${repair.what}: ${one}`));
        }
      } finally {
        await run.close();
      }
      const worst = Math.max(...times) / 1000;
      return {
        part: this.name,
        tried: `${acts} acts in ${rounds} rounds`,
        measured: `repaired within ${worst.toFixed(1)} s`,
        wrong,
      };
    },
  },
  {
    name: 'cut off',
    share: 0.1,
    async run(seed, endsAt) {
      const changes = 20;
      // What is over besides the waiting takes half a minute.
      const pauseMs = Math.max(20, (endsAt - Date.now() - 30_000) / changes);
      const outcome = await runCutOff({ seed, changes, pauseMs });
      const mismatches = Object.entries(outcome.proofs).flatMap(([when, proof]) =>
        proof.mismatches.map((one) => `seed ${seed}, ${when}: ${one}`),
      );
      const leaked =
        outcome.leakedAtBoot > 0 ? [`seed ${seed}: ${outcome.leakedAtBoot} packets came through at boot`] : [];
      const silence = ((pauseMs * changes) / 1000).toFixed(0);
      return {
        part: this.name,
        tried: `${changes} changes in ${silence} s of silence, 1 kill -9, 1 new machine`,
        measured: `caught up in ${(outcome.convergedMs / 1000).toFixed(1)} s`,
        wrong: [...mismatches, ...leaked],
      };
    },
  },
  {
    name: 'hostile names',
    share: 0.05,
    async run(seed, endsAt) {
      const most = 100_000;
      const atOnce = 200;
      const wrong: string[] = [];
      let done = 0;
      for (; (Date.now() < endsAt && done < most) || done === 0; done += atOnce) {
        wrong.push(...checkNames(seed + done, atOnce).map((one) => `seed ${seed + done}: ${one}`));
      }
      return { part: this.name, tried: `${thousands(done)} names`, measured: 'each as a key and as a value', wrong };
    },
  },
];
