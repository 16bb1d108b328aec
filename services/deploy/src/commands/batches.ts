/** Commands of batches: which deployments a selector picks, what would become of them, and the batches themselves. */
import { createHash } from 'node:crypto';
import { handleCommand, loadState } from '@atoll/events/store';
import {
  type BatchVerdict,
  type batchCommands,
  MOST_IN_BATCH,
  MOST_SHOWN,
  MOST_UNCONFIRMED,
} from '@atoll/schema/deploy/batches';
import type { DeployInput } from '@atoll/schema/deploy/commands';
import { imagesOf } from '@atoll/schema/deploy/processes';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { type AdmissionNeeds, admissionIn } from '../admission.ts';
import { eachBounded } from '../bounded.ts';
import { denied, namespaceNotFound } from '../denials.ts';
import { type BatchCommand, batchDecider, batchNotFound } from '../domain/batch-decide.ts';
import { verdictOf } from '../domain/batch-item.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { environmentDecider } from '../domain/environment.ts';
import { namespaceDecider } from '../domain/namespace.ts';
import { batchStream, deploymentStream, environmentStream, namespaceStream } from '../domain/streams.ts';
import { originOf } from '../origin.ts';
import { checkImages, type ImageDoor } from '../registry.ts';
import { type Asked as Answering, answer, notATenant } from './answer.ts';

type Name = keyof typeof batchCommands;
type Handlers = Pick<CommandHandlers<typeof batchCommands>, Name>;
type Asked = Pick<DeployInput<'StartBatch'>, 'scopeId' | 'labels' | 'operation'>;

export interface BatchNeeds extends AdmissionNeeds {
  readonly images: ImageDoor;
}

const LOADS_AT_ONCE = 16;

const environmentNotFound = reject('NOT_FOUND', 'There is no such environment.', 'scopeId');
const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');
const nothingSelected = reject(
  'NOTHING_SELECTED',
  'No deployment there has all of these labels. List the deployments by their labels to see which there are.',
  'labels',
);
const tooMany = (count: number) =>
  reject(
    'BATCH_TOO_LARGE',
    `${count} deployments have these labels, and a batch is about ${MOST_IN_BATCH} at most: add labels that fewer have, or take one namespace at a time.`,
    'labels',
  );
const unconfirmed = (count: number) =>
  reject(
    'CONFIRMATION_REQUIRED',
    `It is about ${count} deployments: look at batchPreview, and give its confirm. Up to ${MOST_UNCONFIRMED} need none.`,
    'confirm',
  );
const changed = (count: number) =>
  reject(
    'PLAN_CHANGED',
    `It is about other deployments than when you looked, or does something else: ${count} now. Look at batchPreview again, and give its new confirm.`,
    'confirm',
  );

interface Where {
  readonly environmentId: Id<'environment'>;
  readonly namespaceId: Id<'namespace'> | null;
}

/** Another tenant's is answered as one that isn't there. */
async function locate(needs: BatchNeeds, tenant: Tenant, scopeId: Asked['scopeId']): Promise<Where | Rejection> {
  const { store, pool } = needs;
  if (idKind(scopeId) === 'namespace') {
    const namespaceId = scopeId as Id<'namespace'>;
    const gate = await loadState(store, { decider: namespaceDecider, stream: namespaceStream(namespaceId) });
    if (gate.tenant !== tenant || gate.state.status === 'NONE') return { ...namespaceNotFound, field: 'scopeId' };
    return { environmentId: gate.state.environmentId, namespaceId };
  }
  const environmentId = scopeId as Id<'environment'>;
  const known = await loadState(store, { decider: environmentDecider, stream: environmentStream(environmentId) });
  if (known.tenant === tenant && known.state.status === 'KNOWN') return { environmentId, namespaceId: null };
  const { rowCount } = await pool.query({
    name: 'deploy-batch-environment',
    text: 'select from deploy.namespace where environment_id = $1 and tenant = $2 limit 1',
    values: [environmentId, tenant],
  });
  return rowCount === 1 ? { environmentId, namespaceId: null } : environmentNotFound;
}

interface Picked {
  readonly deploymentId: Id<'deployment'>;
  readonly name: string;
}

/** By name. Those that are being deleted aren't picked. `count`: of all, however many. */
async function pick(
  { pool }: BatchNeeds,
  tenant: Tenant,
  { environmentId, namespaceId }: Where,
  labels: Asked['labels'],
): Promise<{ readonly count: number; readonly unread: boolean; readonly picked: readonly Picked[] }> {
  const { rows } = await pool.query<Picked & { readonly count: number; readonly unread: boolean }>({
    name: 'deploy-batch-pick',
    text: `
      select d.deployment_id as "deploymentId", d.name, count(*) over ()::integer as count,
        bool_or(d.labels is null) over () as unread
      from deploy.deployment d
      where d.tenant = $1 and not d.deleting and (d.labels @> $4::jsonb or d.labels is null)
        and (d.namespace_id = $3 or ($3::text is null and d.namespace_id in (
          select n.namespace_id from deploy.namespace n where n.environment_id = $2 and n.tenant = $1)))
      order by d.name, d.deployment_id
      limit ${MOST_IN_BATCH}`,
    values: [tenant, environmentId, namespaceId, JSON.stringify(labels)],
  });
  const [first] = rows;
  const picked = rows.map(({ deploymentId, name }) => ({ deploymentId, name }));
  return { count: first?.count ?? 0, unread: first?.unread ?? false, picked };
}

/** Says what is meant: what is done, and to which deployments. */
function confirmOf({ scopeId, operation }: Asked, picked: readonly Picked[]): string {
  const ids = picked.map(({ deploymentId }) => deploymentId).sort();
  const told = JSON.stringify([scopeId, Object.entries(operation).sort(), ids]);
  return createHash('sha256').update(told).digest('hex').slice(0, 32);
}

interface Selection {
  readonly where: Where;
  readonly count: number;
  readonly picked: readonly Picked[];
  /** Why no batch can be made of it; null where one can. */
  readonly refusal: Rejection | null;
}

async function select(needs: BatchNeeds, context: CommandContext, asked: Asked): Promise<Selection | Rejection> {
  const where = await locate(needs, context.tenant, asked.scopeId);
  if ('code' in where) return where;
  if (!(await needs.caughtUp(context.deadline))) return notCaughtUp;
  const { count, unread, picked } = await pick(needs, context.tenant, where, asked.labels);
  // Right after the platform was brought up to date.
  if (unread) return notCaughtUp;
  const unusable = count === 0 ? nothingSelected : count > MOST_IN_BATCH ? tooMany(count) : null;
  return { where, count, picked, refusal: unusable ?? (await imageFault(needs, asked)) };
}

async function imageFault({ images }: BatchNeeds, { operation }: Asked): Promise<Rejection | null> {
  if (operation.kind !== 'UPGRADE' || operation.change.image === undefined) return null;
  const fault = await checkImages(images, [operation.change.image]);
  return fault && { ...fault, field: 'operation.image' };
}

async function judge(needs: BatchNeeds, asked: Asked, { where, picked }: Selection): Promise<readonly BatchVerdict[]> {
  const { store } = needs;
  const { operation } = asked;
  const verdicts = new Map<string, BatchVerdict>();
  const states = new Map<string, ReturnType<typeof deploymentDecider.evolve>>();
  await eachBounded(LOADS_AT_ONCE, picked, async ({ deploymentId }) => {
    const loaded = await loadState(store, { decider: deploymentDecider, stream: deploymentStream(deploymentId) });
    states.set(deploymentId, loaded.state);
  });
  const active = [...states.values()].flatMap((state) => (state.status === 'ACTIVE' ? [state] : []));
  const own = active.flatMap(({ releases }) => releases.flatMap(({ spec }) => imagesOf(spec)));
  const given = operation.kind === 'UPGRADE' && operation.change.image !== undefined ? [operation.change.image] : [];
  const admission = await admissionIn(needs, where.environmentId, [...new Set([...given, ...own])]);
  for (const state of active) verdicts.set(state.deploymentId, verdictOf(state, operation, admission));
  // Gone, or being deleted, since they were picked.
  return picked.flatMap(({ deploymentId }) => verdicts.get(deploymentId) ?? []);
}

export function batchHandlers(needs: BatchNeeds): Handlers {
  const { store } = needs;

  const run = (batchId: Id<'batch'>, command: BatchCommand, { context, idempotency }: Answering) =>
    handleCommand(store, {
      ...{ decider: batchDecider, stream: batchStream(batchId), command, idempotency },
      origin: originOf(context),
      newStream: command.action === 'start',
      result: () => ({ batchId }),
      onClaimConflict: denied,
      notFound: batchNotFound,
    });

  return {
    async PreviewBatch(input, context) {
      if (context.tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const position = await store.lastPosition();
      const selection = await select(needs, context, input);
      if ('code' in selection) return { ok: false, rejection: selection };
      const { count, picked, refusal } = selection;
      const all = refusal === null ? await judge(needs, input, selection) : [];
      const of = (wanted: BatchVerdict['verdict']) => all.filter(({ verdict }) => verdict === wanted).length;
      const result = {
        ...{ count, confirm: refusal === null ? confirmOf(input, picked) : null },
        confirmationRequired: count > MOST_UNCONFIRMED,
        refusal: refusal && { code: refusal.code, message: refusal.message },
        ...{ changed: of('CHANGED'), unchanged: of('UNCHANGED'), refused: of('REFUSED') },
        deployments: all.slice(0, MOST_SHOWN),
      };
      return { ok: true, result, position, version: 0 };
    },

    StartBatch: (input, context) =>
      answer(needs, 'StartBatch', input, context, async (asked) => {
        const no = (rejection: Rejection) => ({ ok: false, rejection }) as const;
        const selection = await select(needs, context, input);
        if ('code' in selection) return no(selection);
        const { where, count, picked, refusal } = selection;
        if (refusal !== null) return no(refusal);
        const { confirm, waves, labels, operation, pauseSeconds, maxFailures } = input;
        if (confirm === null && count > MOST_UNCONFIRMED) return no(unconfirmed(count));
        if (confirm !== null && confirm !== confirmOf(input, picked)) return no(changed(count));
        const batchId = newId('batch');
        const told = { waves, labels, operation, pauseSeconds, maxFailures };
        return await run(batchId, { action: 'start', batchId, ...where, ...told, deployments: picked }, asked);
      }),

    PauseBatch: ({ batchId }, context) =>
      answer(needs, 'PauseBatch', { batchId }, context, (asked) => run(batchId, { action: 'pause' }, asked)),
    ResumeBatch: ({ batchId }, context) =>
      answer(needs, 'ResumeBatch', { batchId }, context, (asked) => run(batchId, { action: 'resume' }, asked)),
    CancelBatch: ({ batchId }, context) =>
      answer(needs, 'CancelBatch', { batchId }, context, (asked) => run(batchId, { action: 'cancel' }, asked)),
  };
}
