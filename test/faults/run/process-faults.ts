/** Faults of processes: kill -9 at any time, and a leader that is stopped, loses its place, and wakes late. */
import type { ProcessHandle } from '../process/handle.ts';
import { ACCOUNTS, LEDGER, READ, roles } from '../workload/role.ts';
import type { Bed } from './bed.ts';
import { NotInjected, type RunFault } from './fault.ts';

/** The locks by which one process at a time works, and the role that takes them. */
const locks = {
  relay: `${ACCOUNTS} relay`,
  reactor: `${LEDGER} consumer ledger`,
  projector: `${READ} consumer ${ACCOUNTS}`,
} as const;

/** The server ends the session of who doesn't ping for 12 s; a standby asks for the lock every second. */
const SUCCESSION_MS = 20_000;

interface Leader {
  readonly process: ProcessHandle;
  /** Of PostgreSQL's own process, behind which its lock is held. */
  readonly session: number;
}

/** The process that holds the lock at the moment. */
async function leader(bed: Bed, role: keyof typeof locks): Promise<Leader> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const { rows } = await bed.pool.query<{ name: string; session: number }>(
      `select a.application_name as name, a.pid as session from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1
          and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended($1, 0)`,
      [locks[role]],
    );
    const [held] = rows;
    const found = bed.processes.find(({ name }) => name === held?.name);
    if (held && found) return { process: found, session: held.session };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new NotInjected(`Nobody holds the lock "${locks[role]}".`);
}

/** Resolves once another process than `before` leads. */
async function succeeded(bed: Bed, role: keyof typeof locks, before: ProcessHandle): Promise<void> {
  const deadline = Date.now() + SUCCESSION_MS;
  while ((await leader(bed, role)).process === before) {
    if (Date.now() > deadline) {
      throw new NotInjected(`Nobody has taken the place of ${before.name} within ${SUCCESSION_MS / 1000} s.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function pick<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new NotInjected('There is nothing to choose from.');
  return found;
}

export function processFaults(bed: Bed, random: () => number): readonly RunFault[] {
  const start = () => bed.heal();
  const kills = roles.map(
    (role): RunFault => ({
      name: `kill -9 of a ${role}`,
      needsRoot: false,
      hold: [50, 1500],
      inject: () => pick(bed.of(role), random).kill(),
      heal: start,
    }),
  );
  const leading = ['relay', 'reactor', 'projector'] as const;
  const late = leading.map(
    (role): RunFault => ({
      name: `the leading ${role} stopped, and late`,
      needsRoot: false,
      // Longer than a standby needs to take over.
      hold: [2500, 4000],
      async inject() {
        const { process, session } = await leader(bed, role);
        process.pause();
        // Its session would keep the lock for it: it loses that, too, or everything, as when the network has given it up.
        if (random() < 0.5) bed.proxies.postgres.cut();
        else await bed.pool.query('select pg_terminate_backend($1)', [session]);
      },
      heal: start,
    }),
  );
  const others: readonly RunFault[] = [
    {
      name: 'the leaders stopped, and awake after others led',
      needsRoot: false,
      hold: [300, 1500],
      async inject() {
        await Promise.all(
          leading.map(async (role) => {
            const { process } = await leader(bed, role);
            process.pause();
            // Nobody takes its session from it but the server itself.
            await succeeded(bed, role, process);
          }),
        );
      },
      heal: start,
    },
    {
      name: 'a writer stopped, and late',
      needsRoot: false,
      hold: [500, 3500],
      inject: async () => pick(bed.of('writer'), random).pause(),
      heal: start,
    },
    {
      name: 'kill -9 of all processes at once',
      needsRoot: false,
      hold: [50, 500],
      async inject() {
        await Promise.all(bed.processes.map((one) => one.kill()));
      },
      heal: start,
    },
  ];
  return [...kills, ...late, ...others];
}
