/** `Query.instanceLogs` and `Query.deploymentLogs`: read from the nodes now. */
import { type IdKind, idKind } from '@atoll/schema/ids';
import { type LogLine, type LogsRequest, mostLogBytes } from '@atoll/schema/node/logs';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import { isOfTenant, type TenantViewer } from '../live/questions.ts';
import type { LiveArgs, LiveRequest, LiveResolver } from '../live/resolvers.ts';
import type { AskLogs, LogAnswer, LogProblem } from './ask.ts';
import { cursorOf, processOf, sinceOf, streamOf, tailOf } from './input.ts';
import { type LogTarget, type LogTargets, mostInstances } from './targets.ts';

/** As the SDL shows it. */
export interface ShownChunk {
  readonly instanceId: string;
  readonly lines: readonly LogLine[];
  readonly cursor: string | null;
  readonly gap: boolean;
  readonly more: boolean;
  readonly ended: boolean;
  readonly problem: LogProblem | null;
}

const nothing = { lines: [], cursor: null, gap: false, more: false };
const starting = (target: LogTarget): LogProblem => ({
  ...{ nodeId: target.nodeId, since: null },
  message: `The agent of the node ${target.nodeId} has just been started; ask again in a moment.`,
});

export function shownChunk(target: LogTarget, answer: LogAnswer): ShownChunk {
  const { instanceId, ended } = target;
  switch (answer.kind) {
    case 'read': {
      const { lines, cursor, gap, more } = answer.reply;
      return { instanceId, lines, cursor, gap, more, ended, problem: null };
    }
    case 'starting':
      return { instanceId, ...nothing, ended, problem: starting(target) };
    case 'problem':
      return { instanceId, ...nothing, ended, problem: answer.problem };
    default:
      return answer satisfies never;
  }
}

const unavailable = ({ message, nodeId, since }: LogProblem) =>
  new ApiError('UNAVAILABLE', message, { extra: { nodeId, since } });

export const noSuch = (field: string, kind: 'instance' | 'deployment') =>
  new ApiError('NOT_FOUND', `\`${field}\` is no ${kind} of yours.`);

export interface LogFields {
  readonly instanceLogs: LiveResolver;
  readonly deploymentLogs: LiveResolver;
  /** `Instance.logs`. */
  readonly lines: LiveResolver;
}

/** Of a deployment that is known to be the viewer's, as a rule; of what was in a namespace, by that. */
export async function mustRead(
  locator: Locator,
  viewer: TenantViewer,
  { id, where, missing }: { readonly id: string; readonly where: string; readonly missing: () => ApiError },
): Promise<void> {
  const admission = await admit(locator, viewer, 'log:read', { id, where });
  if (admission.kind === 'forbidden') throw admission.error;
  if (admission.kind === 'missing') throw missing();
}

export function createLogFields(needs: { targets: LogTargets; ask: AskLogs; locator: Locator }): LogFields {
  const { targets, ask, locator } = needs;

  function mine(
    viewer: Parameters<LiveResolver['resolve']>[2]['viewer'],
    id: string,
    kind: IdKind,
    missing: () => ApiError,
  ) {
    if (!isOfTenant(viewer) || idKind(id) !== kind) throw missing();
    return viewer;
  }

  const requestOf = (args: LiveArgs, usual: number): Omit<LogsRequest, 'instance'> => ({
    ...{ after: null, lines: tailOf(args, 1, usual), bytes: mostLogBytes },
    ...{ since: sinceOf(args), stream: streamOf(args), previous: args.previous === true, waitMs: 0 },
  });

  const instanceLogs = {
    needs: [],
    inParts: true as const,
    async resolve(_row: unknown, args: LiveArgs, { viewer: asks }: LiveRequest): Promise<ShownChunk> {
      const instanceId = String(args.instanceId);
      const missing = () => noSuch('instanceId', 'instance');
      const viewer = mine(asks, instanceId, 'instance', missing);
      const after = args.after == null ? null : cursorOf(args.after);
      const request = { ...requestOf(args, 100), after };
      if (after !== null && request.since !== null) {
        throw new ApiError('BAD_USER_INPUT', 'Give either `after` or `since`: a cursor says from where on.');
      }
      const target = await targets.instance(viewer.tenant, instanceId);
      if (target === null) throw missing();
      const id = target.ended ? target.namespaceId : instanceId;
      await mustRead(locator, viewer, { id, where: 'Query.instanceLogs', missing });
      const process = processOf(args, target);
      const answer = await ask(target.nodeId, { ...request, instance: target.instanceId, ...process });
      const chunk = shownChunk(target, answer);
      if (chunk.problem !== null) throw unavailable(chunk.problem);
      return chunk;
    },
  };

  return {
    instanceLogs,
    lines: {
      needs: ['id'],
      async resolve(row, { tail }, request) {
        const { lines } = await instanceLogs.resolve(row, { instanceId: row.id, tail }, request);
        return lines.map(({ text }) => text);
      },
    },
    deploymentLogs: {
      needs: [],
      inParts: true,
      async resolve(_row, args, { viewer: asks }) {
        const deploymentId = String(args.deploymentId);
        const missing = () => noSuch('deploymentId', 'deployment');
        const viewer = mine(asks, deploymentId, 'deployment', missing);
        const request = requestOf(args, 20);
        await mustRead(locator, viewer, { id: deploymentId, where: 'Query.deploymentLogs', missing });
        const present = await targets.deployment(viewer.tenant, deploymentId);
        if (present === null) throw missing();
        const gone = args.ended === true ? await targets.ended(viewer.tenant, deploymentId, Date.now()) : [];
        const all = [...present, ...gone].slice(0, mostInstances);
        // What they answer together is bounded as what one of them may.
        const bytes = Math.max(1, Math.floor((4 * mostLogBytes) / Math.max(4, all.length)));
        const chunks = await Promise.all(
          all.map(async (target) =>
            shownChunk(target, await ask(target.nodeId, { ...request, bytes, instance: target.instanceId })),
          ),
        );
        const [first] = chunks;
        if (first?.problem && chunks.every(({ problem }) => problem !== null)) throw unavailable(first.problem);
        return chunks;
      },
    },
  };
}
