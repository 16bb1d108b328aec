/**
 * Keeps the node's lease, in memory and in a folder that the sandboxes of fenced pods can read: each ends itself, and with it
 * all that runs in it, once the time in there is over (`runtimes/docker/pause.ts`). Nobody needs to be alive for that: not this agent, and
 * not the runtime.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile } from '../disk.ts';
import {
  changesAt,
  fetched,
  type Grant,
  given,
  type LeaseState,
  type Leases,
  noLease,
  stateOf,
} from '../plan/lease.ts';

export const leaseFolder = (stateDir: string) => join(stateDir, 'lease');
/** Whole seconds of uptime until which the lease holds: the part that a shell can read and compare. */
const untilFile = 'until';

const kept = z.strictObject({ boot: z.string(), until: z.number(), leaseMs: z.number() });

export interface LeaseKeeper {
  /** Of the clock that leases are counted by. */
  now(): number;
  /** Resolves once it holds for the sandboxes, too. */
  given(grant: Grant): Promise<void>;
  /** There is another document. */
  fetched(): Promise<void>;
  state(): LeaseState;
  stop(): void;
}

const bootOf = () => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};

/** `uptime` goes on while the machine sleeps, and isn't moved by who sets its clock. */
export async function openLease(options: {
  stateDir: string;
  /** Of the node's document. */
  generation: () => number;
  /** The state isn't what it was. */
  changed: () => void;
  log: Logger;
  now?: () => number;
}): Promise<LeaseKeeper> {
  const { stateDir, generation, changed, log, now = () => uptime() * 1000 } = options;
  const folder = leaseFolder(stateDir);
  const path = join(folder, 'lease.json');
  const boot = bootOf();
  // Sandboxes are made with it, whether or not there is a lease.
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const loaded = await loadFile(path, kept, log);
  // Of another boot it says nothing: the clock began anew, and nothing has run since.
  const held = loaded?.boot === boot ? { until: loaded.until, leaseMs: loaded.leaseMs } : null;
  let leases: Leases = { ...noLease, held };
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  /** Not synced: after a loss of power it is another boot. */
  async function save(name: string, text: string): Promise<void> {
    const beside = join(folder, `${name}.next`);
    await writeFile(beside, text, { mode: 0o644 });
    await rename(beside, join(folder, name));
  }

  function follow(): void {
    clearTimeout(timer);
    const at = changesAt(leases, now());
    if (at === null) return;
    const wait = Math.max(10, at - now());
    timer = setTimeout(() => {
      if (stateOf(leases, now()).is !== 'HELD') log.warn({ lease: stateOf(leases, now()).is }, 'the lease runs out');
      changed();
      follow();
    }, wait).unref();
  }

  /** One after the other. It holds here only once it holds there: what is started by it must not be ended at once. */
  function take(change: (leases: Leases) => Leases): Promise<void> {
    const done = writing.then(async () => {
      const next = change(leases);
      if (next === leases) return;
      if (next.held !== null && next.held.until !== leases.held?.until) {
        await mkdir(folder, { recursive: true, mode: 0o755 });
        await save('lease.json', JSON.stringify({ boot, ...next.held }));
        await save(untilFile, `${Math.floor(next.held.until / 1000)}\n`);
      }
      const before = stateOf(leases, now()).is;
      leases = next;
      follow();
      if (stateOf(leases, now()).is !== before) changed();
    });
    writing = done.catch(() => {});
    return done;
  }

  follow();
  return {
    now,
    given: (grant) => take((leases) => given(leases, grant, generation())),
    fetched: () => take((leases) => fetched(leases, generation())),
    state: () => stateOf(leases, now()),
    stop: () => clearTimeout(timer),
  };
}
