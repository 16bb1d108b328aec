/**
 * Carries deletions out. Level-triggered: each run reads which are under way (the claims `deletion` say), asks every
 * service what is left, and does the next thing; it is told nothing and remembers nothing that matters, so it goes on
 * wherever a crash of whichever process has left it. Any number of processes may run it: what two do at once is done once.
 */
import type { Claim, HeldClaim } from '@atoll/events/decider';
import { readClaimSet } from '@atoll/events/held-claims';
import { handleCommand, loadState, type Origin } from '@atoll/events/store';
import type { Id, Tenant } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { type CensusNeeds, readLeft } from '../deletion/census.ts';
import { heldAtTheEnd, nameOf } from '../deletion/holdings.ts';
import { proofOf } from '../deletion/proof.ts';
import { releaseOf } from '../domain/claims.ts';
import { type DeletionCommand, type DeletionState, deletion, deletionStream } from '../domain/deletion.ts';
import { type Left, type Named, nextAction, stepsNow } from '../domain/deletion-steps.ts';
import { environment, environmentStream } from '../domain/environment.ts';
import { namespace, namespaceStream } from '../domain/namespace.ts';
import { promotion, promotionStream } from '../domain/promotion.ts';
import { limitClaims, noLimits } from '../domain/quota.ts';
import { tenant as tenantDecider, tenantStream } from '../domain/tenant.ts';
import { schema } from '../names.ts';

const PAGE = 200;
const COMMANDS_AT_ONCE = 8;
/** Of what is let go of, and of keys that are destroyed, in one commit. */
const RELEASES = 500;
/** How many steps a deletion may take in one run before the others get their turn. */
const STEPS = 20;

export interface DeletionControllerNeeds extends CensusNeeds {
  readonly now: () => number;
  readonly log: Logger;
}

export function startDeletionController(needs: DeletionControllerNeeds, resyncMs = 500): Controller {
  let retained: Retained = new Map();
  return startController({
    name: 'deletions',
    resyncMs,
    log: needs.log,
    async reconcile(signal) {
      retained = await reconcile(needs, retained, signal);
    },
  });
}

/** Until when there is nothing to do for a deletion: that never changes, and most of them wait for a month. */
type Retained = ReadonlyMap<string, string>;

async function reconcile(needs: DeletionControllerNeeds, known: Retained, signal: AbortSignal): Promise<Retained> {
  const retained = new Map<string, string>();
  for (let after = ''; !signal.aborted; ) {
    const page = await readClaimSet(needs.pool, schema, 'deletion', after, PAGE);
    for (const { key, owner } of page) {
      if (key.includes('/') || signal.aborted) continue;
      const until = known.get(owner);
      if (until !== undefined && new Date(needs.now()).toISOString() < until) {
        retained.set(owner, until);
        continue;
      }
      try {
        const waitsUntil = await carryOn(needs, owner as Id<'deletion'>, signal);
        if (waitsUntil !== null) retained.set(owner, waitsUntil);
      } catch (error) {
        // It stays as it is. The others go on.
        needs.log.error({ err: error, deletionId: owner }, 'a deletion could not be moved on');
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.key;
  }
  return retained;
}

type Live = Extract<DeletionState, { status: 'retained' | 'purging' }>;

interface Moving {
  readonly needs: DeletionControllerNeeds;
  readonly tenant: Id<'tenant'>;
  readonly state: Live;
  readonly origin: Origin;
}

const isTenant = (tenant: Tenant | null): tenant is Id<'tenant'> => tenant !== null && tenant !== 'platform';

/** Answers until when nothing is to be done for it; null where that isn't known. */
async function carryOn(
  needs: DeletionControllerNeeds,
  deletionId: Id<'deletion'>,
  signal: AbortSignal,
): Promise<string | null> {
  for (let step = 0; step < STEPS && !signal.aborted; step++) {
    const { state, tenant } = await loadState(needs.store, { decider: deletion, stream: deletionStream(deletionId) });
    if (!isTenant(tenant) || (state.status !== 'retained' && state.status !== 'purging')) return null;
    if (state.status === 'retained' && new Date(needs.now()).toISOString() < state.purgeAt) return state.purgeAt;
    const origin: Origin = {
      ...{ tenant, actor: 'service:tenancy', cause: null, correlation: deletionId, traceparent: null },
    };
    const moving = { needs, tenant, state, origin };
    const moved = state.status === 'retained' ? await beginPurge(moving) : await purge(moving, state.namespaceIds);
    if (!moved) return null;
  }
  return null;
}

const tell = async ({ needs, state, origin }: Moving, command: DeletionCommand) => {
  const outcome = await handleCommand(needs.store, {
    decider: deletion,
    stream: deletionStream(state.deletionId),
    command,
    origin,
  });
  return outcome.ok ? null : outcome.rejection;
};

async function must(moving: Moving, command: DeletionCommand): Promise<void> {
  const refusal = await tell(moving, command);
  if (refusal !== null) throw new Error(`${command.kind}: ${refusal.message}`);
}

/** Its time has come. Answers whether nothing stands against it. */
async function beginPurge(moving: Moving): Promise<boolean> {
  const { needs, tenant, state } = moving;
  const now = new Date(needs.now()).toISOString();
  // Its mark is let go of: no namespace comes any more, and these are all.
  const left = await readLeft(needs, tenant, state.of, []);
  const steps = stepsNow(state.of, state.steps, left, { retainedUntil: null, completed: false });
  failpoint('deletion.before-purge');
  const namespaceIds = left.namespaces.map(({ id }) => id);
  const refusal = await tell(moving, { kind: 'purge', tenant, now, namespaceIds, steps });
  if (refusal === null) return true;
  const waiting = state.steps.map((step) =>
    step.name === 'RETAIN' ? { ...step, waitingFor: "the end of the operator's legal hold" } : step,
  );
  await must(moving, { kind: 'progress', steps: waiting });
  return false;
}

/** One thing that is to be done. Answers whether there may be another at once. */
async function purge(moving: Moving, known: readonly Id<'namespace'>[]): Promise<boolean> {
  const { needs, tenant, state } = moving;
  const left = await readLeft(needs, tenant, state.of, known);
  const phase = { retainedUntil: null, completed: false };
  await must(moving, { kind: 'progress', steps: [...stepsNow(state.of, state.steps, left, phase)] });
  const { kind } = nextAction(state.of, left);
  switch (kind) {
    case 'wait':
      return false;
    case 'namespaces':
      failpoint('deletion.before-namespaces');
      await eachBounded(left.namespaces, (one) => deleteNamespace(moving, one));
      return false;
    case 'environments':
      failpoint('deletion.before-environments');
      await eachBounded(left.environments, (one) => deleteEnvironment(moving, one));
      return true;
    case 'access':
      failpoint('deletion.before-access');
      await removeAccess(moving, left);
      return true;
    case 'tenant':
      failpoint('deletion.before-tenant');
      await deleteTenant(moving);
      return true;
    case 'complete':
      await complete(moving, left);
      return false;
    default:
      return kind satisfies never;
  }
}

async function deleteNamespace({ needs, tenant, origin }: Moving, { id }: Named<'namespace'>): Promise<void> {
  const stream = namespaceStream(id);
  const outcome = await handleCommand(needs.store, {
    ...{ decider: namespace, stream, command: { kind: 'deleteWithin', tenant }, origin },
  });
  if (!outcome.ok) throw new Error(`${id}: ${outcome.rejection.message}`);
}

/** Everything that goes with the last fact: what is held, and the limits that were set for it. */
const lastOf = (id: string, held: readonly HeldClaim[]): readonly Claim[] => [
  ...held.map(releaseOf),
  ...limitClaims(id, noLimits),
];

async function deleteEnvironment(moving: Moving, { id, name }: Named<'environment'>): Promise<void> {
  const { needs, tenant, origin } = moving;
  const of = { target: 'ENVIRONMENT', targetId: id } as const;
  const held = await heldAtTheEnd(needs.pool, tenant, of, RELEASES + 1);
  if (held.length > RELEASES) {
    // What doesn't fit into its last fact goes before; its own name and mark are among what stays.
    const before = held.filter(({ owner, key }) => owner !== id && key !== id).slice(0, RELEASES);
    return must(moving, { kind: 'removeAccess', subjects: [], releases: before.map(releaseOf) });
  }
  // Nothing can lead to it any more, for that requires its mark; what does is taken out of the order.
  const order = await handleCommand(needs.store, {
    ...{ decider: promotion, stream: promotionStream(tenant), origin },
    command: { kind: 'forget', tenant, environmentId: id },
  });
  if (!order.ok) throw new Error(`${id}: ${order.rejection.message}`);
  const outcome = await handleCommand(needs.store, {
    decider: environment,
    stream: environmentStream(id),
    command: { kind: 'delete', environmentId: id, name, releases: lastOf(id, held) },
    origin,
  });
  if (!outcome.ok) throw new Error(`${id}: ${outcome.rejection.message}`);
}

async function removeAccess(moving: Moving, { held, subjects, bindings }: Left): Promise<void> {
  const { needs, tenant, origin } = moving;
  for (const scope of bindings) {
    const stream = tenantStream(tenant);
    const command = { kind: 'endBindings', scope } as const;
    const outcome = await handleCommand(needs.store, { decider: tenantDecider, stream, command, origin });
    if (!outcome.ok) throw new Error(outcome.rejection.message);
  }
  const releases = held.slice(0, RELEASES).map(releaseOf);
  await must(moving, { kind: 'removeAccess', subjects: subjects.slice(0, RELEASES), releases });
}

async function deleteTenant({ needs, tenant, state, origin }: Moving): Promise<void> {
  const of = { target: 'TENANT', targetId: tenant } as const;
  const held = await heldAtTheEnd(needs.pool, tenant, of, RELEASES);
  const name = (await nameOf(needs.pool, 'tenant-name', tenant)) ?? state.name;
  const outcome = await handleCommand(needs.store, {
    decider: tenantDecider,
    stream: tenantStream(tenant),
    command: { kind: 'delete', deletionId: state.deletionId, name, releases: lastOf(tenant, held) },
    origin,
  });
  if (!outcome.ok) throw new Error(outcome.rejection.message);
}

/** Counted once more after everything else is done, and told as it was counted. */
async function complete(moving: Moving, left: Left): Promise<void> {
  const { needs, state } = moving;
  const countedAt = new Date(needs.now()).toISOString();
  const proof = proofOf(left, await needs.store.lastPosition());
  failpoint('deletion.before-complete');
  const steps = [...stepsNow(state.of, state.steps, left, { retainedUntil: null, completed: true })];
  await must(moving, { kind: 'complete', proof, countedAt, steps });
  needs.log.info({ deletionId: state.deletionId, targetId: state.of.targetId }, 'a deletion is completed');
}

async function eachBounded<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const workers = Array.from({ length: Math.min(COMMANDS_AT_ONCE, items.length) }, async () => {
    for (const item of rest) await work(item);
  });
  await Promise.all(workers);
}
