/** kill -9 of the platform's processes at their failpoints; its own supervisor starts them again. */
import type { Failpoint } from '@atoll/service/failpoint-points';
import { waitFor } from '../../platform/waiting.ts';
import { small, steady } from '../../platform/workloads.ts';
import { tell, type Violation, violation } from '../oracle/violation.ts';
import { seeded } from '../random.ts';
import type { Round } from '../run/round.ts';
import { isAlive, openPlatformBed, type PlatformBed } from './bed.ts';
import { createMutations } from './calls.ts';
import { judgePlatform, unrest } from './judge.ts';

export interface PlatformPoint {
  readonly process: string;
  readonly point: Failpoint;
}

const at = (process: string, ...points: readonly Failpoint[]): readonly PlatformPoint[] =>
  points.map((point) => ({ process, point }));

export const platformPoints: readonly PlatformPoint[] = [
  ...at('gateway', 'gateway.before-command', 'gateway.after-command', 'gateway.before-answer'),
  ...at('gateway', 'project.before-commit', 'project.after-commit'),
  ...at('agent-1', 'agent.before-apply', 'agent.after-apply', 'agent.before-rules', 'agent.after-rules'),
  ...at('agent-1', 'agent.before-report', 'agent.after-report'),
  ...at('tenancy', 'append.before-commit', 'append.after-commit', 'command.before-answer', 'relay.after-publish'),
  ...at('network', 'react.before-command', 'react.after-command', 'append.after-commit'),
  ...at('deploy', 'append.after-commit', 'project.before-commit'),
];

const HIT_MS = 60_000;
const REST_MS = 60_000;
const WIDTH = 4;

/** Something for the agent and the deploy service to do. */
async function deploy({ tenant, namespaceId, image }: PlatformBed, round: number): Promise<string> {
  const { deployment } = await tenant.admin.mutate.createDeployment({
    ...small,
    namespaceId,
    name: `round-${round}`,
    image,
    replicas: 1,
    idempotencyKey: `deploy-${round}`,
  });
  return deployment.id;
}

async function runRound(options: {
  bed: PlatformBed;
  mutations: ReturnType<typeof createMutations>;
  number: number;
  which: PlatformPoint;
  random: () => number;
}): Promise<Round> {
  const { bed, mutations, number, which, random } = options;
  const { process: name, point } = which;
  const { platform } = bed;
  const violations: Violation[] = [];
  const pid = platform.pidOf(name);
  const load = mutations.begin(number, WIDTH);
  await bed.arm(name, `${point}=kill@${1 + Math.floor(random() * 3)}`);
  const deploying = deploy(bed, number);
  deploying.catch(() => {});
  const notInjected = await waitFor(`${name} passes ${point}`, HIT_MS, () => (isAlive(pid) ? undefined : true)).then(
    () => null,
    (error: Error) => error.message,
  );
  const brokenAt = performance.now();
  if (notInjected === null) {
    await waitFor(`${name} is started again`, REST_MS, () => {
      const now = platform.ready.processes.find((one) => one.name === name);
      return now !== undefined && now.pid !== pid && isAlive(now.pid) ? true : undefined;
    });
  }
  try {
    await mutations.probe(number);
    await steady(bed.tenant.admin, await deploying, REST_MS);
  } catch (error) {
    violations.push(violation('comes-to-rest', 'lost', error instanceof Error ? error.message : String(error)));
  }
  const recoveryMs = performance.now() - brokenAt;
  await load.stop();
  let behind: readonly string[] = [];
  await waitFor('all comes to rest', REST_MS, async () => {
    behind = await unrest(bed).catch((error: unknown) => [String(error)]);
    return behind.length === 0 ? true : undefined;
  }).catch(() => violations.push(violation('comes-to-rest', 'lost', `not within ${REST_MS / 1000} s`, behind)));
  violations.push(...(await judgePlatform(bed, mutations.calls)));
  const calls = mutations.calls.filter(({ round }) => round === number);
  return { fault: `${name} killed at ${point}`, number, calls, recoveryMs, violations, notInjected };
}

export async function runPlatformCampaign(options: {
  seed: number;
  points: readonly PlatformPoint[];
  say: (line: string) => void;
}): Promise<{ rounds: readonly Round[]; ok: boolean }> {
  const { seed, points, say } = options;
  const rounds: Round[] = [];
  const bed = await openPlatformBed();
  try {
    const mutations = createMutations(bed, seeded(seed));
    for (const [number, which] of points.entries()) {
      const random = seeded(seed * 1_000_003 + number);
      const round = await runRound({ bed, mutations, number, which, random });
      rounds.push(round);
      const { fault, calls, recoveryMs, violations, notInjected } = round;
      const verdict = notInjected ?? (violations.length === 0 ? 'fine' : `${violations.length} VIOLATIONS`);
      say(
        `${number + 1}. ${fault}: ${calls.length} calls, recovered in ${(recoveryMs / 1000).toFixed(2)} s, ${verdict}`,
      );
      for (const one of violations.slice(0, 12)) say(`   ${tell(one)}`);
    }
  } finally {
    await bed.close();
  }
  const ok = rounds.every(({ violations, notInjected }) => violations.length === 0 && notInjected === null);
  return { rounds, ok };
}
