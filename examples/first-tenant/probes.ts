/** Real connections from inside one instance to another, and what they must meet. */
import type { Atoll } from '@atoll/sdk/client';
import { HTTP_PORT } from '../images/http-image.ts';
import type { Running } from './deployments.ts';
import { expect } from './report.ts';

export interface From {
  readonly atoll: Atoll;
  readonly instance: Running;
}

const families = ['ipv4', 'ipv6'] as const;
/** Long enough for any packet on this machine, short enough to wait for one that never comes. */
const DROPPED_MS = 1_000;

/** Both families, HTTP: reached, and the page says `version`. A simulated node has no page to show. */
export async function reaches(from: From, to: Running, version: string): Promise<string> {
  for (const family of families) {
    const result = await from.atoll.query.probe({
      from: from.instance.id,
      address: to[family],
      port: HTTP_PORT,
      protocol: 'HTTP',
      timeoutMs: 3_000,
    });
    expect(
      result.outcome === 'CONNECTED',
      `over ${family} to ${to[family]}: ${result.outcome}, and should be CONNECTED`,
    );
    if (result.simulated) continue;
    const body = result.httpBody?.trim();
    expect(
      result.httpStatus === 200 && body === version,
      `${to[family]} says ${result.httpStatus} ${body}, not ${version}`,
    );
  }
  return `${to.ipv4} and ${to.ipv6}`;
}

/** Both families: dropped, without any answer. */
export async function isDropped(from: From, to: Running, port: number = HTTP_PORT): Promise<string> {
  await Promise.all(
    families.map(async (family) => {
      const { outcome } = await from.atoll.query.probe({
        from: from.instance.id,
        address: to[family],
        port,
        timeoutMs: DROPPED_MS,
      });
      expect(outcome === 'TIMED_OUT', `over ${family} to ${to[family]}: ${outcome}, and should be TIMED_OUT`);
    }),
  );
  return 'TIMED_OUT over IPv4 and IPv6';
}
