/**
 * Who has the machine's network namespace for its first node. Two platforms there would hand out the same addresses and route
 * each other's packets, so it is one at a time; and what a killed one has left there goes before the next one comes.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';
import { takeLock } from './lock.ts';

const homesSchema = z.array(z.string());

export type MachineNetwork =
  | { readonly taken: true; release(): void }
  /** `reason`: what a person reads; the node needs a network namespace of its own. */
  | { readonly taken: false; readonly reason: string };

/**
 * `clear` removes what a home that is not running has put there, and throws where it can't. A home stays on the list from before
 * it uses the network until it has taken everything away, whatever happens between.
 */
export async function takeMachineNetwork(
  home: string,
  clear: (home: string) => Promise<void>,
  folder = '/run/atoll',
): Promise<MachineNetwork> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { ino } = statSync('/proc/self/ns/net');
  const [lockPath, homesPath] = [join(folder, `network-${ino}.lock`), join(folder, `network-${ino}.json`)];
  const lock = takeLock(lockPath);
  if (!lock.taken) {
    const [other] = readJson(homesPath, homesSchema) ?? [];
    const where = other ? ` (${other})` : '';
    return { taken: false, reason: `another Atoll platform${where}, process ${lock.holder.pid}, has the machine's` };
  }
  try {
    const homes = readJson(homesPath, homesSchema) ?? [];
    for (const other of homes.filter((path) => path !== home)) {
      try {
        await clear(other);
      } catch (error) {
        lock.release();
        const why = error instanceof Error ? error.message : String(error);
        return {
          taken: false,
          reason: `what a killed platform (${other}) has left in the machine's is in the way: ${why}`,
        };
      }
      writeJson(
        homesPath,
        (readJson(homesPath, homesSchema) ?? []).filter((path) => path !== other),
      );
    }
    writeJson(homesPath, [home]);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    taken: true,
    release() {
      rmSync(homesPath, { force: true });
      lock.release();
    },
  };
}
