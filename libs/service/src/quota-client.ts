/**
 * Reserving of the quotas of tenants: for services whose resources hold some. Before one grows, `reserve` all that it may
 * come to hold; put a claim `before` with `useBefore` into the commit that lets it grow; let an event of that commit tell
 * what it holds; and `giveBack` what wasn't used. A process that dies in between leaks nothing: what was reserved ends once
 * the ledger has asked this service (subject `holdingsSubject`) what is held.
 */
import type { Context } from '@atoll/schema/contexts';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import type { QuotaAmounts, QuotaHolder } from '@atoll/schema/tenancy/quotas';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from 'pino';
import type { createCommandClient } from './commands.ts';
import { newId } from './ids.ts';

/** Who asks, as it is written on the ledger's events. */
export interface Asking {
  readonly tenant: Tenant;
  readonly actor: string;
  readonly correlation: string;
  readonly traceparent: string | null;
  /** Unix time in ms; ten seconds where nobody waits. */
  readonly deadline?: number | undefined;
}

export interface Holder {
  readonly holderId: QuotaHolder;
  readonly namespaceId: Id<'namespace'>;
  /** For texts. */
  readonly name: string;
}

export interface Reservation {
  readonly reservationId: Id<'reservation'>;
  /** RFC 3339: the commit comes before, by the clock of its database, or not at all. */
  readonly useBefore: string;
}

export interface QuotaClient {
  /** Throws for no answer: UNAVAILABLE where the ledger is away, QUOTA_EXCEEDED with who holds what, NOT_FOUND. */
  reserve(asking: Asking, holder: Holder, amounts: QuotaAmounts): Promise<Reservation | Rejection>;
  /** Isn't waited for. */
  giveBack(asking: Asking, holder: Holder, reservation: Reservation): void;
}

const WAIT_MS = 10_000;

const away = reject(
  'UNAVAILABLE',
  'The quotas can be asked of nobody now, so nothing can grow. Nothing was done: try again, with the same key.',
);

export function createQuotaClient(options: {
  readonly commands: ReturnType<typeof createCommandClient>;
  readonly owner: Context;
  /** How long a reservation is kept at least that nobody makes use of. */
  readonly ttlSeconds?: number;
  readonly log: Logger;
}): QuotaClient {
  const { commands, owner, ttlSeconds = 60, log } = options;

  const ask = (command: 'ReserveQuota' | 'ReleaseQuota', data: unknown, asking: Asking) => {
    const { tenant, actor, correlation, traceparent, deadline = Date.now() + WAIT_MS } = asking;
    const key = newId('event');
    const of = { key, tenant, actor, correlation, traceparent, deadline, seen: {}, expectedVersion: null };
    return commands.call('tenancy', command, { ...of, data });
  };

  return {
    async reserve(asking, holder, amounts) {
      failpoint('quota.before-reserve');
      const reply = await ask('ReserveQuota', { ...holder, owner, amounts, ttlSeconds }, asking);
      failpoint('quota.after-reserve');
      if (reply.ok) return tenancyCommands.ReserveQuota.result.parse(reply.result);
      const { code, message } = reply.error;
      if (code === 'QUOTA_EXCEEDED') return reject(code, message);
      if (code === 'NOT_FOUND') return reject(code, message, 'namespaceId');
      log.warn({ ...holder, code, message }, 'nothing can be reserved');
      return away;
    },

    giveBack(asking, { holderId }, { reservationId }) {
      const left = (why: object) => log.warn({ holderId, reservationId, ...why }, 'a reservation is left to its end');
      ask('ReleaseQuota', { holderId, reservationId }, { ...asking, deadline: undefined }).then(
        (reply) => {
          if (!reply.ok) left(reply.error);
        },
        (error: unknown) => left({ err: error }),
      );
    },
  };
}
