/** `Subscription.logs`: an instance, or the instances of a deployment as they come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { idKind } from '@atoll/schema/ids';
import { logBeginning } from '@atoll/schema/node/logs';
import type { ExecutionResult } from 'graphql';
import { lacking } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { Engine, EngineRequest } from '../graphql/engine.ts';
import type { Teller } from '../graphql/tell.ts';
import { isOfTenant } from '../live/questions.ts';
import type { LiveArgs } from '../live/resolvers.ts';
import { Completion } from '../read/complete.ts';
import type { AskLogs } from './ask.ts';
import { type Channel, createChannel } from './channel.ts';
import { followInstance } from './follow.ts';
import { placesOf, streamOf, tailOf } from './input.ts';
import { mustRead, noSuch, type ShownChunk } from './query.ts';
import { type LogTarget, type LogTargets, mostInstances } from './targets.ts';

/** How soon an instance that has come is followed, and one that is gone is known to be. */
const lookEveryMs = 2000;
/** Of one tenant, at once. */
export const mostSubscriptions = 40;

const where = 'Subscription.logs';
/** Of a place that nobody knows any more. */
const unknown = { lines: [], gap: true, more: false, ended: true, problem: null };

export interface LogSubscriptions {
  /** Throws where it can't be begun. `viewer` is who they are now: it ends where they may no longer read it. */
  subscribe(
    request: EngineRequest,
    prepared: ReturnType<Engine['subscription']>,
    viewer: () => Viewer,
  ): Promise<AsyncGenerator<ExecutionResult>>;
}

interface Subject {
  /** What is there now. */
  look(): Promise<readonly LogTarget[]>;
  readonly scopeId: string;
  /** Whether nothing more can come. */
  gone(over: ReadonlySet<string>, present: ReadonlySet<string>): boolean;
}

export function createLogSubscriptions(needs: {
  targets: LogTargets;
  ask: AskLogs;
  locator: Locator;
  teller: Teller;
}): LogSubscriptions {
  const { targets, ask, locator, teller } = needs;
  const open = new Map<string, number>();

  function enter(tenant: string): () => void {
    const now = open.get(tenant) ?? 0;
    if (now >= mostSubscriptions) {
      throw new ApiError(
        'BUDGET_EXCEEDED',
        `Your tenant follows ${mostSubscriptions} logs at once, and can follow no more: end one, or follow a deployment rather than its instances.`,
      );
    }
    open.set(tenant, now + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const rest = (open.get(tenant) ?? 1) - 1;
      if (rest === 0) open.delete(tenant);
      else open.set(tenant, rest);
    };
  }

  /** Throws where it isn't theirs. */
  async function subjectOf(request: EngineRequest, { instanceId, deploymentId }: LiveArgs): Promise<Subject> {
    if ((instanceId == null) === (deploymentId == null)) {
      throw new ApiError('BAD_USER_INPUT', 'Give either `instanceId` or `deploymentId`.');
    }
    const { viewer } = request;
    const [id, kind] =
      instanceId == null ? [String(deploymentId), 'deployment' as const] : [String(instanceId), 'instance' as const];
    const missing = () => noSuch(`${kind}Id`, kind);
    if (!isOfTenant(viewer) || idKind(id) !== kind) throw missing();
    const { tenant } = viewer;
    if (kind === 'deployment') {
      await mustRead(locator, viewer, { id, where, missing });
      if ((await targets.deployment(tenant, id)) === null) throw missing();
      let there = true;
      return {
        scopeId: id,
        async look() {
          const now = await targets.deployment(tenant, id);
          there = now !== null;
          return now ?? [];
        },
        gone: (_over, present) => !there && present.size === 0,
      };
    }
    const target = await targets.instance(tenant, id);
    if (target === null) throw missing();
    const scopeId = target.ended ? target.namespaceId : id;
    await mustRead(locator, viewer, { id: scopeId, where, missing });
    return {
      scopeId,
      async look() {
        const now = await targets.instance(tenant, id);
        return now === null ? [] : [now];
      },
      gone: (over) => over.has(id),
    };
  }

  return {
    async subscribe(request, { plan, args }, viewerNow) {
      const { field } = plan;
      const [places, tail, stream] = [placesOf(args), tailOf(args, 0, 10), streamOf(args)];
      const subject = await subjectOf(request, args);
      const { tenant } = request.viewer;
      if (tenant === null) throw noSuch('instanceId', 'instance');
      const scope = await locator.locate(tenant, subject.scopeId);
      const leave = enter(tenant);
      const stop = new AbortController();
      const channel: Channel<ShownChunk> = createChannel();
      const present = new Set<string>();
      const followed = new Set<string>();
      /** All was told of them. */
      const over = new Set<string>();

      function mustStillRead(): void {
        const { access } = viewerNow();
        if (scope !== null && !access.may('log:read', scope)) throw lacking(where, 'log:read', scope);
      }

      function endWhereOver(): void {
        if (subject.gone(over, present) && [...followed].every((id) => over.has(id))) channel.end();
      }

      function begin(target: LogTarget, cursor: string | null): void {
        const { instanceId } = target;
        if (followed.has(instanceId)) return;
        const gone = () => target.ended || !present.has(instanceId);
        const one = { target, cursor, tail, stream, gone, put: channel.put, signal: stop.signal };
        followed.add(instanceId);
        followInstance(ask, one).then(
          () => {
            over.add(instanceId);
            endWhereOver();
          },
          (error: unknown) => channel.end(error),
        );
      }

      /** Places of instances that are gone: what they wrote last, or, where nobody knows them, that something is missing. */
      async function beginEnded(): Promise<void> {
        for (const [instanceId, cursor] of places) {
          if (present.has(instanceId)) continue;
          const target = idKind(instanceId) === 'instance' ? await targets.instance(tenant ?? '', instanceId) : null;
          // Who may read this log may read what was in its namespace.
          const readable = scope?.level === 'namespace' && scope.namespaceId === target?.namespaceId;
          if (target?.ended && readable) begin(target, cursor);
          else await channel.put({ ...unknown, instanceId, cursor });
        }
      }

      async function look(first: boolean): Promise<void> {
        mustStillRead();
        const now = await subject.look();
        present.clear();
        for (const { instanceId, ended } of now) if (!ended) present.add(instanceId);
        for (const id of over) {
          // It doesn't come again.
          if (!present.has(id) && followed.delete(id)) over.delete(id);
        }
        for (const target of now) {
          if (followed.size - over.size >= mostInstances) break;
          // One that has come, also while nobody followed, is told from its first line on.
          const isNew = !first || places.size > 0;
          begin(target, places.get(target.instanceId) ?? (isNew ? logBeginning : null));
        }
      }

      async function watch(): Promise<void> {
        await look(true);
        void beginEnded().catch((error: unknown) => channel.end(error));
        while (!stop.signal.aborted) {
          await sleep(lookEveryMs, undefined, { signal: stop.signal }).catch(() => {});
          if (!stop.signal.aborted) await look(false);
          endWhereOver();
        }
      }

      async function* answers(): AsyncGenerator<ExecutionResult> {
        watch().catch((error: unknown) => channel.end(error));
        try {
          for (;;) {
            const chunk = await channel.take();
            if (chunk === null) return;
            mustStillRead();
            const completion = new Completion();
            const value = completion.value(field.shape, chunk, field, [field.key]);
            const errors = completion.errors.map((error) => teller.tell(error, request.correlation));
            yield errors.length > 0 ? { errors } : { data: { [field.key]: value } };
          }
        } catch (error) {
          throw teller.tell(error, request.correlation);
        } finally {
          end();
        }
      }
      function end(): void {
        stop.abort();
        channel.end();
        leave();
      }
      const generator = answers();
      // A generator that waits takes no `return`: the end of the channel wakes it.
      const done = generator.return.bind(generator);
      generator.return = (value) => {
        end();
        return done(value);
      };
      return generator;
    },
  };
}
