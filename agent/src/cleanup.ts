/**
 * Removes everything of this node's from the machine: containers, sandboxes, wires, routes, rules, chains, sets. Takes
 * the agent's environment; may be run again at any time. Refused while the agent is running.
 */
import { loadConfig } from '@atoll/service/config';
import { createLogger } from '@atoll/service/log';
import { nodeConfig } from './config.ts';
import { holdLocks, locksOf } from './lock.ts';
import { openBackend } from './node/backend.ts';
import { clearNode } from './node/clear.ts';

const log = createLogger('agent-cleanup');
const config = loadConfig(nodeConfig);
const locks = await holdLocks(await locksOf(config), (error) => {
  throw error;
});
const problems = await clearNode(openBackend(config, log));
for (const problem of problems) log.error({ err: problem }, 'not everything could be removed');
log.info({ problems: problems.length }, 'cleaned up');
await locks.release();
process.exitCode = problems.length === 0 ? 0 : 1;
