/** What the nodes of a killed platform have left on the machine: containers, network namespaces, interfaces, routes, rules. */
import { rmSync } from 'node:fs';
import { dockerSpec } from './docker.ts';
import { type Home, isHome, openHome } from './home.ts';
import { stopLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { cleanUpNode, openNodes } from './nodes.ts';
import { chooseRuntime } from './runtime.ts';
import { removeSegment } from './segment.ts';
import { createSupervisor } from './supervisor.ts';

/** Takes it away; no process of the home may run. False where it never had a node. */
export async function removeRemains(home: Home): Promise<boolean> {
  const { known } = openNodes(home, 0);
  if (known.length === 0) return false;
  const runtime = await chooseRuntime(home, process.env.ATOLL_RUNTIME);
  // It calls nobody and serves nothing.
  const from = { natsUrl: 'nats://127.0.0.1:1', healthPort: 0 };
  const cleanUp = async () => {
    for (const node of known) await cleanUpNode({ home, node, runtime, ...from, share: known.length });
  };
  // An Engine of the home's own has to run for it.
  const own =
    runtime.kind === 'docker' && runtime.own ? { ...dockerSpec(home, runtime.program), prepare: cleanUp } : null;
  const engine = createSupervisor({ specs: own ? [own] : [], logs: home.logs, say: () => {}, onChange: () => {} });
  try {
    await engine.start();
    if (!own) await cleanUp();
  } finally {
    await removeSegment(home);
    await engine.stop();
  }
  return true;
}

/** The same for the home of another platform. Its state stays: at its next start it makes its containers anew. */
export async function removeOthersRemains(path: string): Promise<void> {
  if (!isHome(path)) throw new Error('its folder is gone, and with it the names of what it made; restart the machine');
  const other = openHome(path);
  const lock = takeLock(other.lock);
  if (!lock.taken) throw new Error(`it runs, as process ${lock.holder.pid}`);
  try {
    await stopLeftovers(other.children);
    await removeRemains(other);
    rmSync(other.runDir, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}
