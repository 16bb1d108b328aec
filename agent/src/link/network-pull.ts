/** Pulls the rules: on start, when woken, and every 10 s; sooner while nobody answers. */
import { networkChangesReply } from '@atoll/schema/node/rules-changes';
import { pullRules } from '@atoll/schema/node/rules-pull';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import { merged, openSpan } from '@atoll/service/spans';
import type { Ask } from './asking.ts';
import type { NetworkDocument } from './network-document.ts';

const resyncMs = 10_000;
const unansweredMs = 1000;

export function startNetworkPull(options: {
  ask: Ask;
  document: NetworkDocument;
  /** Newer rules are there. */
  changed: () => void;
  log: Logger;
}): Controller {
  const { ask, document, changed, log } = options;
  let timer: NodeJS.Timeout | undefined;
  const controller = startController({
    name: 'network',
    resyncMs,
    log,
    async reconcile() {
      clearTimeout(timer);
      const startTime = Date.now();
      const pulled = await pullRules(
        async (request) => {
          const answer = await ask(request);
          return answer === undefined ? undefined : networkChangesReply.parse(answer);
        },
        document.held(),
        (message) => log.warn({ message }, 'the rules are asked for as a whole'),
      );
      if (pulled === undefined) timer = setTimeout(controller.wake, unansweredMs);
      if (!pulled || !(await document.offer(pulled))) return;
      const { nodeId, generation, traces } = pulled.document;
      log.info({ document: 'network', generation }, 'newer desired state');
      const attributes = { 'atoll.node': nodeId, 'atoll.generation': generation };
      openSpan('pull network', { kind: 'client', ...merged(traces?.toReversed() ?? []), attributes, startTime })?.end();
      changed();
    },
  });
  return {
    wake: controller.wake,
    async stop() {
      clearTimeout(timer);
      await controller.stop();
    },
  };
}
