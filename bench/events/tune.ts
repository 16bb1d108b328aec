/** The peer gets the number of connections that it is fastest with. */
import type { LoopOutcome } from './closed-loop.ts';
import type { Contestant } from './contestant.ts';
import type { Emmett } from './contestants/emmett.ts';

const CANDIDATES = [5, 10, 20];

export async function tuneEmmett(emmett: Contestant<Emmett>, measure: () => Promise<LoopOutcome>): Promise<number> {
  let best = { connections: 0, perSecond: 0 };
  for (const connections of CANDIDATES) {
    await emmett.ask('connections', connections);
    const { perSecond } = await measure();
    if (perSecond > best.perSecond) best = { connections, perSecond };
  }
  await emmett.ask('connections', best.connections);
  return best.connections;
}
