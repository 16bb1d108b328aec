/**
 * A node's agent as it is, with rules that are really put in force in a network namespace, and pods that aren't there: so that
 * hundreds of them cost nothing. Tells its parent when a change was begun, was in force, and had cut what it forbids.
 */
import { agentConfig } from '@atoll/agent/config';
import { startAgent } from '@atoll/agent/node/agent';
import { openBackend } from '@atoll/agent/node/backend';
import type { RuleBackend } from '@atoll/agent/rules/backend';
import { iptablesRules } from '@atoll/agent/rules/iptables';
import { commandsIn } from '@atoll/agent/sandbox/commands';
import { loadConfig } from '@atoll/service/config';
import { connectNats } from '@atoll/service/nats';
import { runProcess } from '@atoll/service/process';
import type { Mark, Moment } from './marks.ts';

const now = () => performance.timeOrigin + performance.now();

runProcess('agent', async ({ log, onStop }) => {
  const config = loadConfig(agentConfig);
  const { ATOLL_NODE_ID: node, ATOLL_STATE_DIR: stateDir } = config;
  const mark = (moment: Moment) => process.send?.({ moment, at: now(), cpu: process.cpuUsage() } satisfies Mark);
  const simulated = openBackend(config, log);
  const commands = commandsIn(config.ATOLL_NODE_NETNS ?? null);
  const kernel = iptablesRules({ commands, names: simulated.names, stateDir, log });
  const rules: RuleBackend = {
    ...kernel,
    async change(intent) {
      mark('begun');
      await kernel.change(intent);
      mark('enforced');
    },
    async cut(previous, next) {
      await kernel.cut(previous, next);
      mark('cut');
    },
  };
  const nc = await connectNats({ url: config.ATOLL_NATS_URL, name: node, inboxPrefix: `_INBOX_node_${node}`, log });
  onStop('nats', () => nc.close());
  const agent = await startAgent({ config, backend: { ...simulated, rules }, nc, log });
  onStop('agent', agent.stop);
});
