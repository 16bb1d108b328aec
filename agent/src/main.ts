/** The agent process of one node. */
import { loadConfig } from '@atoll/service/config';
import { startHealthServer } from '@atoll/service/health';
import { connectNats, natsReadiness } from '@atoll/service/nats';
import { runProcess } from '@atoll/service/process';
import { agentConfig } from './config.ts';
import { holdLocks, locksOf } from './lock.ts';
import { startAgent } from './node/agent.ts';
import { openBackend } from './node/backend.ts';

runProcess('agent', async ({ log, onStop, fail }) => {
  const config = loadConfig(agentConfig);
  const locks = await holdLocks(await locksOf(config), fail);
  onStop('locks', locks.release);
  const node = config.ATOLL_NODE_ID;
  if (config.ATOLL_RUNTIME === 'simulated') {
    log.warn('the runtime is simulated: nothing runs on this node, and no rule is enforced');
  }
  // What this node may see of NATS is its own subjects and its own inbox.
  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: node, inboxPrefix: `_INBOX_node_${node}`, log });
  onStop('nats', () => nc.close());
  const agent = await startAgent({ config, backend: openBackend(config, log), nc, log });
  onStop('agent', agent.stop);
  const checks = { nats: natsReadiness(nc), ...agent.checks };
  const health = await startHealthServer({ port: config.ATOLL_HEALTH_PORT, checks, log });
  onStop('health', health.close);
  log.info({ node, runtime: config.ATOLL_RUNTIME, healthPort: health.port }, 'ready');
});
