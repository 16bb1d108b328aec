/**
 * Removes everything of this node's from the machine: containers, sandboxes, wires, routes, rules, chains, sets. Takes
 * the agent's environment; may be run again at any time. The agent must not be running.
 */
import { loadConfig } from '@atoll/service/config';
import { createLogger } from '@atoll/service/log';
import { nodeConfig } from './config.ts';
import { openBackend } from './node/backend.ts';
import { clearNode } from './node/clear.ts';

const log = createLogger('agent-cleanup');
const config = loadConfig(nodeConfig);
const problems = await clearNode(openBackend(config, log));
for (const problem of problems) log.error({ err: problem }, 'not everything could be removed');
log.info({ problems: problems.length }, 'cleaned up');
process.exitCode = problems.length === 0 ? 0 : 1;
