/** One round: load, fault, healing, rest, verdict. */
import { judge } from '../oracle/judge.ts';
import { observe } from '../oracle/observed.ts';
import { comeToRest, takesEffect } from '../oracle/rest.ts';
import { type Violation, violation } from '../oracle/violation.ts';
import type { Bed } from './bed.ts';
import type { Call, Clients } from './calls.ts';
import { NotInjected, type RunFault } from './fault.ts';

export interface Round {
  readonly fault: string;
  readonly number: number;
  readonly calls: readonly Call[];
  /** From the end of the healing until a call that was made after it was answered and had its effects everywhere. */
  readonly recoveryMs: number;
  readonly violations: readonly Violation[];
  /** Null, or why the fault didn't come about. */
  readonly notInjected: string | null;
}

const WIDTH = 6;
const REST_MS = 60_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function runRound(options: {
  bed: Bed;
  clients: Clients;
  fault: RunFault;
  number: number;
  random: () => number;
}): Promise<Round> {
  const { bed, clients, fault, number, random } = options;
  const between = ([from, to]: readonly [number, number]) => from + random() * (to - from);
  const crashesBefore = new Map(bed.processes.map((one) => [one, one.crashes()]));
  let notInjected: string | null = null;

  const load = clients.begin({ round: number, width: WIDTH, poison: fault.poison ?? false });
  await pause(between([20, 150]));
  try {
    await fault.inject();
    await pause(between(fault.hold));
  } catch (error) {
    if (!(error instanceof NotInjected)) throw error;
    notInjected = error.message;
  }
  await fault.heal();
  await bed.heal();
  const healedAt = performance.now();
  const violations: Violation[] = [];
  try {
    const { outcome } = await clients.probe(number, Date.now() + REST_MS);
    const lacking = outcome.kind === 'ok' ? await takesEffect(bed, outcome.position, Date.now() + REST_MS) : [];
    if (lacking.length > 0) violations.push(violation('comes-to-rest', 'other', 'a call without its effects', lacking));
  } catch (error) {
    violations.push(violation('comes-to-rest', 'other', error instanceof Error ? error.message : String(error)));
  }
  const recoveryMs = performance.now() - healedAt;
  await load.stop();
  await fault.repair?.();
  const behind = await comeToRest(bed, Date.now() + REST_MS);
  if (behind.length > 0) violations.push(violation('comes-to-rest', 'lost', `not within ${REST_MS / 1000} s`, behind));

  violations.push(...judge(clients.calls, await observe(bed)));
  if (notInjected === null) violations.push(...((await fault.judge?.()) ?? []));
  for (const one of bed.processes) {
    if (one.crashes() > (crashesBefore.get(one) ?? 0)) {
      violations.push(violation('no-crash', 'other', `${one.name} ended by itself:\n${one.output().slice(-3000)}`));
    }
  }
  const calls = clients.calls.filter((call) => call.round === number);
  return { fault: fault.name, number, calls, recoveryMs, violations, notInjected };
}
