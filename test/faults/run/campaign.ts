/**
 * A run of many rounds, by a schedule that the seed decides: which faults, in which order, on which processes, at which
 * hit. Each bed serves a number of rounds, and is then made anew.
 */
import { rmSync } from 'node:fs';
import { memoryFolder } from '@atoll/infra/testing/folders';
import { tell } from '../oracle/violation.ts';
import { warmUp } from '../process/handle.ts';
import { seeded } from '../random.ts';
import { startPostgres } from '../servers.ts';
import { type Bed, type Crew, openBed } from './bed.ts';
import { createClients } from './calls.ts';
import type { Planned } from './fault.ts';
import { type Round, runRound } from './round.ts';

const ROUNDS_PER_BED = 20;
/** Of the violations of a round. */
const TOLD = 12;

export interface Campaign {
  readonly rounds: readonly Round[];
  readonly ok: boolean;
}

export async function runCampaign(options: {
  seed: number;
  /** The fault of a round (from 0), or null at the end. */
  next: (round: number) => Planned | null;
  crew?: Crew;
  say: (line: string) => void;
}): Promise<Campaign> {
  const { seed, next, crew, say } = options;
  const rounds: Round[] = [];
  const postgres = await startPostgres();
  const compileCache = memoryFolder('compiled');
  await warmUp(compileCache);
  let bed: Bed | null = null;
  let clients: ReturnType<typeof createClients> | null = null;
  try {
    for (let number = 0; ; number++) {
      const planned = next(number);
      if (planned === null) break;
      const ground = planned.ground ?? 'plain';
      if (bed === null || clients === null || bed.ground.kind !== ground || number % ROUNDS_PER_BED === 0) {
        await bed?.close();
        bed = await openBed({ postgres, ground, compileCache, ...(crew && { crew }) });
        clients = createClients(bed.clientNc, seeded(seed * 7919 + number));
        await clients.probe(number, Date.now() + 30_000);
      }
      const random = seeded(seed * 1_000_003 + number);
      const round = await runRound({ bed, clients, fault: planned.make(bed, random), number, random });
      rounds.push(round);
      const { calls, recoveryMs, violations, notInjected } = round;
      const verdict = notInjected ?? (violations.length === 0 ? 'fine' : `${violations.length} VIOLATIONS`);
      say(
        `${number + 1}. ${round.fault}: ${calls.length} calls, recovered in ${(recoveryMs / 1000).toFixed(2)} s, ${verdict}`,
      );
      for (const one of violations.slice(0, TOLD)) say(`   ${tell(one)}`);
      if (violations.length > TOLD) say(`   and ${violations.length - TOLD} more`);
      // What is broken stays broken: the next rounds begin anew, so that each is judged for itself.
      if (violations.length > 0) {
        await bed.close();
        bed = null;
      }
    }
  } finally {
    await bed?.close();
    await postgres.stop();
    rmSync(compileCache, { recursive: true, force: true });
  }
  return { rounds, ok: rounds.every(({ violations, notInjected }) => violations.length === 0 && notInjected === null) };
}
