/** Probes a deployment all the time while it rolls out, to see what its users would. */
import type { Atoll } from '@atoll/sdk/client';
import { HTTP_PORT } from '../images/http-image.ts';
import { readyOf } from './deployments.ts';
import type { From } from './probes.ts';

export interface Seen {
  readonly answers: number;
  readonly versions: ReadonlySet<string>;
  /** Instances that said READY before and after a probe, and didn't answer it. */
  readonly failures: readonly string[];
}

const PAUSE_MS = 50;

/** Goes on until `stop` is called, which gives what was seen. Simulated nodes answer without a page: no versions. */
export function watchRollout(from: From, deploymentId: string): { stop(): Promise<Seen> } {
  let running = true;
  let answers = 0;
  const versions = new Set<string>();
  const failures: string[] = [];

  const isReady = async (atoll: Atoll, id: string) => (await atoll.query.instance({ id }))?.status === 'READY';
  const probe = async (instance: { readonly id: string; readonly ipv4: string }) => {
    const address = instance.ipv4;
    const result = await from.atoll.query.probe({
      from: from.instance.id,
      address,
      port: HTTP_PORT,
      protocol: 'HTTP',
      timeoutMs: 2_000,
    });
    if (result.outcome === 'CONNECTED') {
      answers += 1;
      if (!result.simulated) versions.add(result.httpBody?.trim() ?? 'no page');
    } else if (await isReady(from.atoll, instance.id)) {
      failures.push(`${instance.id} (${address}): ${result.outcome}`);
    }
  };
  const loop = async () => {
    while (running) {
      for (const instance of await readyOf(from.atoll, deploymentId)) await probe(instance);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const done = loop();
  return {
    async stop() {
      running = false;
      await done;
      return { answers, versions, failures };
    },
  };
}
