/**
 * The clients: seeded calls, several at a time, each with an outcome of its own: `ok` (it was answered with a position),
 * `fail` (it was said that nothing happened) or `unknown` (neither). Some are sent twice at once with the same key, some
 * reuse another's key, and two tenants use the same keys all the time.
 */
import type { CommandReply } from '@atoll/schema/envelope';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { NatsConnection } from '@atoll/service/nats';
import { combine, type Outcome } from '../oracle/outcome.ts';
import { ACCOUNTS } from '../workload/role.ts';

export interface Call {
  readonly id: string;
  readonly tenant: Tenant;
  readonly key: string;
  readonly command: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly round: number;
  outcome: Outcome;
}

export interface Load {
  /** Ends it: no new calls; resolves when those under way have their outcome. */
  stop(): Promise<void>;
}

export interface Clients {
  readonly calls: readonly Call[];
  /** Closed loop: `width` clients, each with one call at a time. */
  begin(options: { round: number; width: number; poison?: boolean }): Load;
  /** One call that is repeated with the same key until it is ok; throws at the deadline (Unix ms). */
  probe(round: number, deadline: number): Promise<Call>;
}

const CALL_MS = 1500;
/** Of one client, between two calls: what is tested is what is lost, and not how much is done. */
const BETWEEN_MS = 80;
/** How long somebody goes on with the same key until the outcome is known. */
const RESOLVE_MS = 20_000;
/** Each of them holds its consumer up for the time of five tries. */
const MAX_POISON = 4;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const kindOf = (code: string): 'fail' | 'unknown' => {
  if (!Object.hasOwn(errorCodes, code)) return 'unknown';
  const { kind, retry } = errorCodes[code as ErrorCode];
  return kind === 'fault' && retry === 'same-key' ? 'unknown' : 'fail';
};

function outcomeOf(reply: CommandReply): Outcome {
  if (reply.ok) return { kind: 'ok', position: reply.position };
  return { kind: kindOf(reply.error.code), code: reply.error.code };
}

export function createClients(nc: NatsConnection, random: () => number): Clients {
  const client = createCommandClient(nc);
  const tenants = [newId('tenant'), newId('tenant')] as const;
  const calls: Call[] = [];
  const open: { account: string; tenant: Tenant }[] = [];
  let counter = 0;
  let poisoned = 0;

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

  async function send(call: Call): Promise<Outcome> {
    const reply = await client.call(ACCOUNTS, call.command, {
      key: call.key,
      tenant: call.tenant,
      actor: 'user:client',
      correlation: call.id,
      traceparent: null,
      deadline: Date.now() + CALL_MS,
      seen: {},
      expectedVersion: null,
      data: call.data,
    });
    return outcomeOf(reply);
  }

  function next(round: number, poison: boolean): Call {
    counter += 1;
    const number = counter;
    const id = `call-${number}`;
    // The same keys for both tenants.
    const key = `key-${Math.floor(number / 2)}`;
    const known = random() < 0.2 ? undefined : pick(open);
    const tenant = known?.tenant ?? tenants[number % 2] ?? tenants[0];
    const shared = { id, tenant, round, outcome: { kind: 'unknown', code: 'NOT_SENT' } as Outcome };
    if (known === undefined) {
      // Few names: some are taken.
      const data = { call: id, account: `a${number}`, name: `name-${Math.floor(random() * (number + 20))}` };
      return { ...shared, key, command: 'Open', data };
    }
    const amount = 1 + Math.floor(random() * 100);
    // Its own account may be of the other tenant than its turn: then its key is its own, too.
    const ownKey = tenant === tenants[number % 2] ? key : `own-${number}`;
    if (random() < 0.2) {
      const data = { call: id, account: known.account, pool: `pool-${round}`, amount, limit: 600 };
      return { ...shared, key: ownKey, command: 'Reserve', data };
    }
    const data = {
      call: id,
      account: known.account,
      amount,
      poison: poison && random() < 0.1 && poisoned++ < MAX_POISON,
    };
    return { ...shared, key: ownKey, command: 'Move', data };
  }

  /** As a client does that must know: again with the same key, until an answer comes. */
  async function resolve(call: Call, deadline: number): Promise<void> {
    let outcome: Outcome | null = null;
    for (;;) {
      const answer = await send(call);
      outcome = combine(outcome, answer);
      call.outcome = outcome;
      const isAnswered = answer.kind === 'ok' || (answer.kind === 'fail' && answer.code !== 'UNAVAILABLE');
      if (isAnswered || Date.now() > deadline) return;
      await pause(50);
    }
  }

  async function carryOut(call: Call): Promise<void> {
    const style = random();
    if (style < 0.1) {
      // Twice at once: both answers are of the same commit, whichever process they come from.
      const twins = await Promise.all([send(call), send(call)]);
      call.outcome =
        twins.find(({ kind }) => kind === 'ok') ?? twins.find(({ kind }) => kind === 'unknown') ?? twins[0];
    } else if (style < 0.6) {
      await resolve(call, Date.now() + RESOLVE_MS);
    } else {
      call.outcome = await send(call);
    }
    const { account } = call.data;
    if (call.command === 'Open' && call.outcome.kind === 'ok' && typeof account === 'string') {
      open.push({ account, tenant: call.tenant });
    }
  }

  /** Another request under the key of one that was carried out: it must be refused, and change nothing. */
  function reusing(round: number): Call | null {
    const other = pick(calls.slice(-50));
    if (other === undefined || other.outcome.kind !== 'ok' || other.command !== 'Move') return null;
    counter += 1;
    const id = `call-${counter}`;
    return { ...other, id, round, data: { ...other.data, call: id }, outcome: { kind: 'unknown', code: 'NOT_SENT' } };
  }

  return {
    calls,
    begin({ round, width, poison = false }) {
      let stopped = false;
      poisoned = 0;
      async function loop(): Promise<void> {
        while (!stopped) {
          const call = (random() < 0.05 ? reusing(round) : null) ?? next(round, poison);
          calls.push(call);
          await carryOut(call);
          await pause(BETWEEN_MS);
        }
      }
      const loops = Array.from({ length: width }, loop);
      return {
        async stop() {
          stopped = true;
          await Promise.all(loops);
        },
      };
    },
    async probe(round, deadline) {
      counter += 1;
      const id = `call-${counter}`;
      const call: Call = {
        id,
        tenant: tenants[0],
        key: id,
        command: 'Open',
        data: { call: id, account: `a${counter}`, name: `probe-${counter}` },
        round,
        outcome: { kind: 'unknown', code: 'NOT_SENT' },
      };
      calls.push(call);
      while (call.outcome.kind !== 'ok') {
        await resolve(call, deadline);
        if (Date.now() > deadline)
          throw new Error(`No call was answered within the deadline: ${JSON.stringify(call.outcome)}`);
      }
      return call;
    },
  };
}
