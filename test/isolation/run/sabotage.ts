/** Damage by the hundred, on three machines at once, since most of it is waiting; one of them uses the old backend of iptables. */
import { type Backend, openSabotage, type Repair, someSabotages } from '../campaigns/sabotage.ts';
import { diceOf } from '../random.ts';
import { sabotages } from '../worlds/sabotage.ts';
import { type Part, seconds } from './part.ts';

const machines: readonly Backend[] = ['nft', 'nft', 'legacy'];
/** Resync, and 5 s. */
const promisedMs = 15_000;
const resyncMs = 10_000;

interface Told {
  readonly repair: Repair;
  readonly acts: number;
  readonly locked: boolean;
  readonly wrong: readonly string[];
}

export const sabotage: Part = {
  name: 'sabotage',
  share: 0.2,
  volume: 100,
  async run(seed, bound) {
    let begun = 0;
    const told: Told[] = [];
    async function work(backend: Backend, index: number): Promise<void> {
      const run = await openSabotage(seed + index, backend);
      try {
        for (let number = begun; !bound.enough(number); number = begun) {
          begun += 1;
          const dice = diceOf(seed * 1000 + number);
          const what = someSabotages(dice, dice.chance(0.6) ? 1 : 1 + dice.number(sabotages.length));
          const lockedAfterMs = backend === 'legacy' && dice.chance(0.7) ? dice.number(resyncMs) : null;
          const repair = await run.round(dice, what, { lockedAfterMs });
          const late = repair.ms !== null && repair.ms > promisedMs ? [`repaired after ${repair.ms} ms`] : [];
          const wrong = [...repair.complaints, ...late].map(
            (one) => `seed ${seed}, ${number} on ${backend}, ${repair.what}: ${one}`,
          );
          told.push({ repair, acts: what.length, locked: lockedAfterMs !== null, wrong });
        }
      } finally {
        await run.close();
      }
    }
    await Promise.all(machines.map(work));
    const worst = Math.max(...told.map(({ repair }) => repair.ms ?? 0));
    const acts = told.reduce((sum, one) => sum + one.acts, 0);
    const locked = told.filter((one) => one.locked).length;
    const seen = told.filter(({ repair }) => repair.damaged).length;
    return {
      part: this.name,
      tried: `${told.length} times damage, ${acts} acts; the lock held ${locked} times`,
      measured: `${seen} seen broken; repaired within ${seconds(worst)}; rules of others unchanged`,
      wrong: told.flatMap(({ wrong }) => wrong),
    };
  },
};
