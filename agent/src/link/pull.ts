/** Pulls one kind of desired state: on start, when woken, and every 10 s; sooner while nobody answers. */

import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import { merged, openSpan } from '@atoll/service/spans';
import type { z } from 'zod';
import type { Ask } from './asking.ts';
import type { Document } from './document.ts';

const resyncMs = 10_000;
const unansweredMs = 1000;

interface Pulled {
  readonly nodeId: Id<'node'>;
  readonly generation: number;
  readonly traces?: readonly string[] | undefined;
}

export function startPull<T extends Pulled>(options: {
  name: string;
  ask: Ask;
  reply: z.ZodType<T | null>;
  document: Document<T>;
  /** A newer document is there. */
  changed: () => void;
  log: Logger;
}): Controller {
  const { name, ask, reply, document, changed, log } = options;
  let timer: NodeJS.Timeout | undefined;
  const controller = startController({
    name,
    resyncMs,
    log,
    async reconcile() {
      clearTimeout(timer);
      const startTime = Date.now();
      const answer = await ask({ generation: document.generation() });
      if (answer === undefined) {
        timer = setTimeout(controller.wake, unansweredMs);
        return;
      }
      const newer = reply.parse(answer);
      if (newer !== null && (await document.offer(newer))) {
        log.info({ document: name, generation: newer.generation }, 'newer desired state');
        const attributes = { 'atoll.node': newer.nodeId, 'atoll.generation': newer.generation };
        const causes = merged(newer.traces?.toReversed() ?? []);
        openSpan(`pull ${name}`, { kind: 'client', ...causes, attributes, startTime })?.end();
        changed();
      }
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
