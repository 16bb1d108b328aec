/** kill -9 at each named point: who passes it, and what has to happen for that. */
import { retryParked } from '@atoll/events/parked';
import { listProjections, requestRebuild } from '@atoll/events/rebuild/rows';
import { eventStream } from '@atoll/schema/subjects';
import { type Failpoint, failpoints } from '@atoll/service/failpoint-points';
import { jetstreamManager } from '@nats-io/jetstream';
import { MODELS } from '../workload/projector.ts';
import { ACCOUNTS, READ, type Role } from '../workload/role.ts';
import type { Bed } from './bed.ts';
import { NotInjected, type Planned, type RunFault } from './fault.ts';

interface Plan {
  readonly roles: readonly Role[];
  /** `load`: calls are enough. `stream-lost`: the stream is deleted. `poison`: events are parked. `retry`: and retried. `rebuild`: of the read models. */
  readonly by: 'load' | 'stream-lost' | 'poison' | 'retry' | 'rebuild';
  /** The hit at which it dies: from 1 to this. */
  readonly within: number;
}

const writer: Plan = { roles: ['writer'], by: 'load', within: 6 };
const append: Plan = { roles: ['writer', 'reactor'], by: 'load', within: 6 };
const relay: Plan = { roles: ['relay'], by: 'load', within: 6 };
const lost: Plan = { roles: ['relay'], by: 'stream-lost', within: 1 };
const project: Plan = { roles: ['projector'], by: 'load', within: 4 };
const react: Plan = { roles: ['reactor'], by: 'load', within: 4 };
const poison: Plan = { roles: ['projector'], by: 'poison', within: 2 };
const retry: Plan = { roles: ['projector'], by: 'retry', within: 1 };
const snapshot: Plan = { roles: ['writer'], by: 'load', within: 3 };
const rebuild: Plan = { roles: ['projector'], by: 'rebuild', within: 1 };
/** Passed by the platform's processes only: see platform-faults.ts. */
const elsewhere = null;

export const plans: Readonly<Record<Failpoint, Plan | null>> = {
  'command.after-load': writer,
  'command.before-answer': writer,
  'append.before-commit': append,
  'append.after-commit': append,
  'relay.before-resume': lost,
  'relay.before-create': lost,
  'relay.after-create': lost,
  'relay.before-publish': relay,
  'relay.after-publish': relay,
  'relay.before-ack': relay,
  'relay.after-ack': relay,
  'fetch.before-answer': lost,
  'project.before-effect': project,
  'project.before-checkpoint': project,
  'project.before-commit': project,
  'project.after-commit': project,
  'react.before-command': react,
  'react.after-command': react,
  'react.before-checkpoint': react,
  'react.after-checkpoint': react,
  'park.before-commit': poison,
  'park.after-commit': poison,
  'retry.before-commit': retry,
  'retry.after-commit': retry,
  'snapshot.before-write': snapshot,
  'snapshot.after-write': snapshot,
  'rebuild.after-prepare': rebuild,
  'rebuild.after-batch': rebuild,
  'rebuild.before-switch': rebuild,
  'rebuild.after-switch': rebuild,
  'quota.before-reserve': elsewhere,
  'quota.after-reserve': elsewhere,
  'quota.before-expiry': elsewhere,
  'agent.before-apply': elsewhere,
  'agent.after-apply': elsewhere,
  'agent.before-rules': elsewhere,
  'agent.after-rules': elsewhere,
  'agent.before-report': elsewhere,
  'agent.after-report': elsewhere,
  'deletion.before-purge': elsewhere,
  'deletion.before-namespaces': elsewhere,
  'deletion.before-environments': elsewhere,
  'deletion.before-access': elsewhere,
  'deletion.before-tenant': elsewhere,
  'deletion.before-complete': elsewhere,
  'batch.before-command': elsewhere,
  'batch.after-command': elsewhere,
  'gateway.before-command': elsewhere,
  'gateway.after-command': elsewhere,
  'gateway.before-answer': elsewhere,
};

const HIT_MS = 20_000;

/** Asks for a retry of everything that is parked, again and again until nothing is. */
async function retryAll(bed: Bed, deadline: number, until: () => Promise<boolean>): Promise<void> {
  while (!(await until())) {
    if (Date.now() > deadline) return;
    const { rows } = await bed.pool.query<{ stream: string }>(`select distinct stream from ${READ}.parked_event`);
    for (const { stream } of rows) await retryParked({ pool: bed.pool, schema: READ }, { consumer: ACCOUNTS, stream });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves once the rebuild that was asked for is done, or at the deadline. */
async function rebuilt(bed: Bed, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const [models] = await listProjections({ pool: bed.pool, schema: READ });
    if (models?.rebuild?.phase === 'done') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new NotInjected('The rebuild was not done in time.');
}

const setPoison = (bed: Bed, works: boolean) => bed.pool.query(`update ${READ}.poison set works = $1`, [works]);

async function isParked(bed: Bed): Promise<boolean> {
  const { rows } = await bed.pool.query<{ n: number }>(`select count(*) as n from ${READ}.parked_event`);
  return (rows[0]?.n ?? 0) > 0;
}

async function provoke(bed: Bed, by: Plan['by'], deadline: number, hasDied: () => boolean): Promise<void> {
  switch (by) {
    case 'load':
    case 'poison':
      return;
    case 'stream-lost':
      await (await jetstreamManager(bed.nc)).streams.delete(eventStream(ACCOUNTS)).catch(() => {});
      return;
    case 'retry':
      while (!(await isParked(bed)) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      await setPoison(bed, true);
      await retryAll(bed, deadline, async () => hasDied());
      return;
    case 'rebuild':
      await requestRebuild({ pool: bed.pool, schema: READ }, MODELS);
      return;
    default:
      by satisfies never;
  }
}

export function failpointFault(bed: Bed, point: Failpoint, random: () => number): RunFault | null {
  const plan = plans[point];
  if (plan === null) return null;
  const { roles, by, within } = plan;
  const poisoned = by === 'poison' || by === 'retry';
  return {
    name: `kill -9 at ${point}`,
    needsRoot: false,
    hold: [50, 400],
    poison: poisoned,
    async inject() {
      // Only now: what was poison in an earlier round would be parked anew by a rebuild.
      if (poisoned) await setPoison(bed, false);
      const role = roles[Math.floor(random() * roles.length)] ?? roles[0];
      const armed = role ? bed.of(role) : [];
      const spec = `${point}=kill@${1 + Math.floor(random() * within)}`;
      await Promise.all(armed.map((one) => one.arm(spec)));
      const deadline = Date.now() + HIT_MS;
      const hasDied = () => armed.some((one) => !one.isRunning());
      const provoking = provoke(bed, by, deadline, hasDied);
      while (!hasDied()) {
        if (Date.now() > deadline) throw new NotInjected(`Nobody has passed ${point} within ${HIT_MS / 1000} s.`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await provoking;
      // In half of the rounds the standby that takes over dies at the same point, too.
      if (random() < 0.5) for (const one of armed) await one.arm('');
    },
    heal: () => bed.heal(),
    ...(by === 'rebuild' && { repair: () => rebuilt(bed, Date.now() + 30_000) }),
    ...(poisoned && {
      async repair() {
        await setPoison(bed, true);
        await retryAll(bed, Date.now() + 30_000, async () => !(await isParked(bed)));
      },
    }),
  };
}

export const engineFailpoints: readonly Failpoint[] = failpoints.filter((point) => plans[point] !== null);

export const killAt = (point: Failpoint): Planned => ({
  name: `kill -9 at ${point}`,
  make(bed, random) {
    const fault = failpointFault(bed, point, random);
    if (fault === null) throw new Error(`${point} isn't passed by the engine's processes.`);
    return fault;
  },
});
