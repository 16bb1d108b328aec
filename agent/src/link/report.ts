/** Sends what is on the node: when woken, and every 5 s. The reply tells whether there is something newer to pull. */
import { reportReply } from '@atoll/schema/node/workloads';
import { type Controller, startController } from '@atoll/service/controller';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { currentTraceparent, merged, withSpan } from '@atoll/service/spans';
import type { Causes } from '../node/causes.ts';
import type { Ask } from './asking.ts';

const heartbeatMs = 5000;

export function startReport(options: {
  name: string;
  ask: Ask;
  /** Null while nothing is known yet. */
  build: () => object | null;
  generation: () => number;
  /** What was done since the last one. */
  causes: Causes;
  /** There is a newer generation. */
  pull: () => void;
  log: Logger;
}): Controller {
  const { name, ask, build, generation, causes, pull, log } = options;
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
      if (answer !== undefined && reportReply.parse(answer).generation > generation()) pull();
    },
  });
}
