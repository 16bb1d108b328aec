/** Sends what is on the node: when woken, and every 5 s. The reply tells whether there is something newer to pull. */
import { type Controller, startController } from '@atoll/service/controller';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { currentTraceparent, merged, withSpan } from '@atoll/service/spans';
import type { z } from 'zod';
import type { Causes } from '../node/causes.ts';
import type { Ask } from './asking.ts';

const heartbeatMs = 5000;

export function startReport<R extends { readonly generation: number }>(options: {
  name: string;
  ask: Ask;
  /** Null while nothing is known yet. */
  build: () => object | null;
  reply: z.ZodType<R>;
  /** What was answered. */
  taken?: (reply: R) => void;
  generation: () => number;
  /** What was done since the last one. */
  causes: Causes;
  /** There is a newer generation. */
  pull: () => void;
  log: Logger;
}): Controller {
  const { name, ask, build, reply, taken, generation, causes, pull, log } = options;
  return startController({
    name,
    resyncMs: heartbeatMs,
    log,
    async reconcile() {
      const report = build();
      if (report === null) return;
      failpoint('agent.before-report');
      const why = causes.take();
      const answer = await withSpan(name, { kind: 'client', ...merged(why) }, () => {
        const traceparent = currentTraceparent();
        return ask(traceparent === null ? report : { ...report, traceparent });
      });
      if (answer === undefined) causes.note(...why);
      failpoint('agent.after-report');
      if (answer === undefined) return;
      const said = reply.parse(answer);
      taken?.(said);
      if (said.generation > generation()) pull();
    },
  });
}
