/** Which agent this is, to tell it from another one that says it is the same node: by its state folder, and by the boot of its machine. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ReportingAgent } from '@atoll/schema/node/agents';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';

const identityFile = z.strictObject({ id: z.string() });

/** A folder that was copied to another machine, or a machine that was copied, is another agent. */
export async function openIdentity(stateDir: string, log: Logger): Promise<ReportingAgent> {
  const path = join(stateDir, 'agent.json');
  let id = (await loadFile(path, identityFile, log))?.id;
  if (id === undefined) {
    id = randomBytes(16).toString('hex');
    await saveFile(path, { id });
  }
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const host = hostname() || 'without a name';
  return {
    id: createHash('sha256').update(`${id} ${boot} ${host}`).digest('hex').slice(0, 32),
    host: host.slice(0, 255),
  };
}
