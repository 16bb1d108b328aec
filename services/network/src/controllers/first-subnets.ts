/**
 * Gives every open namespace its first subnet. Tenants take turns, and who was refused is asked again later and later: what
 * one tenant's quotas refuse keeps nobody else's namespaces waiting.
 */
import type { Rejection } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { originBecauseOf } from '../origin.ts';
import { namespacesWithoutSubnet } from '../pools/namespaces-without.ts';
import { type SubnetAllocator, usualRanges } from '../pools/subnets.ts';

/** Bounds of one run; what is left over is for the next one. */
const namespacesPerRun = 200;
/** Until a refused namespace is asked for again: doubled each time. */
const firstRestMs = 1000;
const longestRestMs = 60_000;
/** The oldest are forgotten, and asked for again sooner. */
const maxRemembered = 10_000;

/** Why a namespace has no subnet, for those that want addresses in it. */
export type Refusals = ReadonlyMap<Id<'namespace'>, Rejection>;

export interface FirstSubnets {
  give(): Promise<Refusals>;
}

export const closed: Rejection = { code: 'BEING_DELETED', message: 'The namespace is being deleted.' };

interface Refused {
  readonly rejection: Rejection;
  readonly restMs: number;
  readonly until: number;
}

/** `now` must not go back where the clock is set. */
export function createFirstSubnets(options: {
  readonly db: Pool;
  readonly subnets: SubnetAllocator;
  readonly log: Logger;
  readonly now?: () => number;
}): FirstSubnets {
  const { db, subnets, log, now = () => performance.now() } = options;
  const refused = new Map<Id<'namespace'>, Refused>();

  function remember(namespaceId: Id<'namespace'>, rejection: Rejection): void {
    const before = refused.get(namespaceId);
    // Said once for each reason, not at every try.
    if (before?.rejection.message !== rejection.message) {
      log.warn({ namespaceId, ...rejection }, 'a namespace gets no subnet');
    }
    const restMs = before ? Math.min(before.restMs * 2, longestRestMs) : firstRestMs;
    refused.delete(namespaceId);
    refused.set(namespaceId, { rejection, restMs, until: now() + restMs });
    const [oldest] = refused.keys();
    if (refused.size > maxRemembered && oldest !== undefined) refused.delete(oldest);
  }

  return {
    async give() {
      const resting = [...refused].filter(([, { until }]) => until > now()).map(([namespaceId]) => namespaceId);
      const waiting = await namespacesWithoutSubnet(db, { limit: namespacesPerRun, except: resting });
      await Promise.all(
        waiting.map(async ({ namespaceId, ...because }) => {
          const outcome = await subnets.allocate({
            namespaceId,
            ranges: usualRanges,
            origin: originBecauseOf(because),
            // Whoever comes second is given the first one's answer.
            idempotency: { key: `first-subnet:${namespaceId}`, request: { namespaceId } },
            onClosed: () => closed,
          });
          if (outcome.ok || outcome.rejection === closed) refused.delete(namespaceId);
          else remember(namespaceId, outcome.rejection);
        }),
      );
      return new Map([...refused].map(([namespaceId, { rejection }]) => [namespaceId, rejection]));
    },
  };
}
