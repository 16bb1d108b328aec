/** Everything of a node's, gone. Each part is tried whatever became of the others; what failed is returned. */
import { rm } from 'node:fs/promises';
import { atMost } from '../lanes.ts';
import type { NodeBackend } from './backend.ts';

const graceSeconds = 2;

export async function clearNode({ runtime, wiring, tunnel, rules, nameServer }: NodeBackend): Promise<unknown[]> {
  const problems: unknown[] = [];
  const attempt = (work: () => Promise<unknown>) =>
    work().catch((error: unknown) => {
      problems.push(error);
    });
  await attempt(async () => {
    const all = await runtime.list();
    const apps = all.filter((container) => container.kind === 'app');
    const sandboxes = all.filter((container) => container.kind === 'sandbox');
    await atMost(8, apps, async ({ id, state }) => {
      if (state === 'RUNNING') await runtime.stop(id, graceSeconds);
      await runtime.remove(id);
    });
    await atMost(8, sandboxes, ({ id }) => runtime.remove(id));
  });
  await attempt(async () => rm(await runtime.endedLogs(), { recursive: true, force: true }));
  await attempt(() => wiring.clear());
  await attempt(() => tunnel.clear());
  await attempt(() => nameServer.clear());
  // The rules go last: until then nothing that still runs can be reached.
  await attempt(() => rules.clear());
  return problems;
}
