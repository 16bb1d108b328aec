/**
 * Mutations with idempotency keys, each with its outcome: over plain HTTP, because the SDK would hide what is unknown by
 * asking again until it is known.
 */
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import type { Outcome } from '../oracle/outcome.ts';
import type { Call } from '../run/calls.ts';
import type { PlatformBed } from './bed.ts';

const CALL_MS = 15_000;
const BETWEEN_MS = 50;
const RESOLVE_MS = 60_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const documents: Readonly<Record<string, string>> = {
  createEnvironment: `mutation ($input: CreateEnvironmentInput!) {
    done: createEnvironment(input: $input) { resource: environment { id } userErrors { code } position } }`,
  createNamespace: `mutation ($input: CreateNamespaceInput!) {
    done: createNamespace(input: $input) { resource: namespace { id } userErrors { code } position } }`,
};

interface Answer {
  readonly data?: {
    readonly done: {
      readonly resource: { readonly id: string } | null;
      readonly userErrors: readonly { readonly code: string }[];
      readonly position: string | null;
    } | null;
  } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

function outcomeOf({ data, errors }: Answer): Outcome {
  const done = data?.done;
  const refusal = done?.userErrors[0];
  if (refusal) return { kind: 'fail', code: refusal.code };
  if (done?.position) return { kind: 'ok', position: Number(done.position.split(':')[1]) };
  const code = errors?.[0]?.extensions?.code ?? 'NO_CODE';
  const known = Object.hasOwn(errorCodes, code) ? errorCodes[code as ErrorCode] : null;
  // A fault of ours that may have happened after the commit leaves it open; everything else says that nothing was done.
  return known === null || known.retry === 'same-key' ? { kind: 'unknown', code } : { kind: 'fail', code };
}

export function createMutations(bed: PlatformBed, random: () => number) {
  const calls: Call[] = [];
  const environments: string[] = [];
  let counter = 0;

  async function send(call: Call): Promise<Outcome> {
    try {
      const response = await fetch(bed.platform.ready.graphqlUrl, {
        method: 'POST',
        headers: { authorization: `Bearer ${bed.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: documents[call.command], variables: { input: call.data } }),
        signal: AbortSignal.timeout(CALL_MS),
      });
      const answer: Answer = JSON.parse(await response.text());
      const outcome = outcomeOf(answer);
      const id = answer.data?.done?.resource?.id;
      if (outcome.kind === 'ok' && call.command === 'createEnvironment' && id) environments.push(id);
      return outcome;
    } catch (error) {
      return { kind: 'unknown', code: error instanceof Error ? error.name : 'FETCH_FAILED' };
    }
  }

  function next(round: number): Call {
    counter += 1;
    const id = `call-${counter}`;
    const environmentId = environments[Math.floor(random() * environments.length)];
    const wanted = random() < 0.25 && environmentId !== undefined ? 'createNamespace' : 'createEnvironment';
    // One in ten wants a name that is taken.
    const taken = random() < 0.1 && counter > 10;
    const name = taken ? 'call-1' : id;
    const shared = { idempotencyKey: `key-${counter}`, name };
    const data = wanted === 'createNamespace' ? { ...shared, environmentId } : { ...shared, kind: 'TEST' };
    const outcome: Outcome = { kind: 'unknown', code: 'NOT_SENT' };
    const command = taken ? 'createEnvironment' : wanted;
    const input = taken ? { ...shared, kind: 'TEST' } : data;
    return { id, tenant: 'platform', key: shared.idempotencyKey, command, data: input, round, outcome };
  }

  /** With the same key until it is known. Once it was unknown, no refusal is final. */
  async function resolve(call: Call, deadline: number): Promise<void> {
    let wasUnknown = false;
    for (;;) {
      const answer = await send(call);
      if (answer.kind === 'ok' || !wasUnknown) call.outcome = answer;
      wasUnknown ||= answer.kind === 'unknown';
      const isAnswered = answer.kind === 'ok' || (answer.kind === 'fail' && answer.code !== 'UNAVAILABLE');
      if (isAnswered || Date.now() > deadline) return;
      await pause(200);
    }
  }

  return {
    calls,
    begin(round: number, width: number): { stop(): Promise<void> } {
      let stopped = false;
      const loops = Array.from({ length: width }, async () => {
        while (!stopped) {
          const call = next(round);
          calls.push(call);
          if (random() < 0.6) await resolve(call, Date.now() + RESOLVE_MS);
          else call.outcome = await send(call);
          await pause(BETWEEN_MS);
        }
      });
      return {
        async stop() {
          stopped = true;
          await Promise.all(loops);
        },
      };
    },
    /** A call that is ok; throws where there is none within a minute. */
    async probe(round: number): Promise<void> {
      counter += 1;
      const id = `call-${counter}`;
      const data = { idempotencyKey: `key-${counter}`, name: id, kind: 'TEST' };
      const outcome: Outcome = { kind: 'unknown', code: 'NOT_SENT' };
      const call: Call = { id, tenant: 'platform', key: id, command: 'createEnvironment', data, round, outcome };
      calls.push(call);
      await resolve(call, Date.now() + RESOLVE_MS);
      if (call.outcome.kind !== 'ok') throw new Error(`No mutation was answered: ${JSON.stringify(call.outcome)}`);
    },
  };
}
