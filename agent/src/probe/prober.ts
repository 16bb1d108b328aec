/** Connections opened from the node or from a pod. */
import { fileURLToPath } from 'node:url';
import { probeReply } from '@atoll/schema/node/live';
import { exec } from '@atoll/service/exec';
import { z } from 'zod';
import { type ProbeResult, type ProbeTarget, probe } from './probe.ts';

const probeResults = z.array(probeReply.omit({ simulated: true }));
const program = fileURLToPath(new URL('./main.ts', import.meta.url));
/** On top of the longest probe: starting a process on a busy machine. */
const startMs = 15_000;

/** `netns` null: from where this process is. Results are in the order of the targets. */
export async function probeFrom(netns: string | null, targets: readonly ProbeTarget[]): Promise<ProbeResult[]> {
  if (targets.length === 0) return [];
  if (netns === null) return Promise.all(targets.map(probe));
  const longest = Math.max(...targets.map((target) => target.timeoutMs));
  const { stdout } = await exec('nsenter', [`--net=${netns}`, '--', process.execPath, program], {
    input: JSON.stringify(targets),
    timeoutMs: longest + startMs,
  });
  return probeResults.parse(JSON.parse(stdout));
}
