/** The operator's commands: pools, what nodes are for, and weights of tenants. */
import { type CommandOutcome, type EventStore, handleCommand, type Idempotency } from '@atoll/events/store';
import type { poolCommands } from '@atoll/schema/deploy/pools';
import { reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { CommandAnswer, CommandContext, CommandHandlers } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { denied } from '../denials.ts';
import { type NodeCommand, nodeDecider, nodeNotFound } from '../domain/node.ts';
import { termsDecider } from '../domain/placement-terms.ts';
import { type PoolCommand, poolDecider, poolNotFound } from '../domain/pool.ts';
import { nodeStream, poolStream, termsStream } from '../domain/streams.ts';
import { originOf } from '../origin.ts';
import { readNodes } from '../projections/nodes.ts';

type Name = keyof typeof poolCommands;
type Handlers = Pick<CommandHandlers<typeof poolCommands>, Name>;

const ofThePlatform = reject('FORBIDDEN', 'Pools and nodes are of the platform, and no business of a tenant.');
const notATenant = reject('INVALID_ARGUMENT', 'Weights are of a tenant: the platform places nothing.', 'tenantId');

const idempotencyOf = (name: Name, input: unknown, { key, expectedVersion }: CommandContext): Idempotency => ({
  key,
  request: { name, input, expectedVersion },
});

function answerOf<R>(outcome: CommandOutcome): CommandAnswer<R> {
  if (!outcome.ok) return outcome;
  const { position, version } = outcome;
  return { ok: true, result: outcome.result as R, position, version };
}

export function poolHandlers({ store, pool }: { readonly store: EventStore; readonly pool: Pool }): Handlers {
  async function onPool<R>(name: Name, command: PoolCommand, input: unknown, context: CommandContext) {
    if (context.tenant !== PLATFORM) return { ok: false, rejection: ofThePlatform } as const;
    const outcome = await handleCommand(store, {
      decider: poolDecider,
      stream: poolStream(command.poolId),
      command,
      origin: originOf(context),
      idempotency: idempotencyOf(name, input, context),
      expectedVersion: context.expectedVersion,
      newStream: command.action === 'create',
      result: () => ({ poolId: command.poolId }),
      onClaimConflict: denied,
      notFound: poolNotFound,
    });
    return answerOf<R>(outcome);
  }

  async function onNode<R>(
    name: Name,
    command: NodeCommand & { readonly nodeId: Id<'node'> },
    input: unknown,
    context: CommandContext,
  ) {
    if (context.tenant !== PLATFORM) return { ok: false, rejection: ofThePlatform } as const;
    const outcome = await handleCommand(store, {
      decider: nodeDecider,
      stream: nodeStream(command.nodeId),
      command,
      origin: originOf(context),
      idempotency: idempotencyOf(name, input, context),
      result: () => ({ nodeId: command.nodeId }),
      onClaimConflict: denied,
      notFound: nodeNotFound,
    });
    return answerOf<R>(outcome);
  }

  return {
    CreatePool: (input, context) =>
      onPool('CreatePool', { action: 'create', poolId: newId('pool'), ...input }, input, context),
    ChangePool: (input, context) => onPool('ChangePool', { action: 'change', ...input }, input, context),
    DeletePool: (input, context) => onPool('DeletePool', { action: 'delete', ...input }, input, context),
    AssignNode: (input, context) => {
      const { nodeId, ...place } = input;
      return onNode('AssignNode', { action: 'assign', nodeId, place }, input, context);
    },
    CordonNode: (input, context) => onNode('CordonNode', { action: 'cordon', ...input }, input, context),
    UncordonNode: (input, context) => onNode('UncordonNode', { action: 'uncordon', ...input }, input, context),
    async DrainNode(input, context) {
      const { nodes } = await readNodes(pool);
      const instances = nodes.find(({ nodeId }) => nodeId === input.nodeId)?.used.instances ?? 0;
      return onNode('DrainNode', { action: 'drain', instances, ...input }, input, context);
    },
    CancelDrain: (input, context) => onNode('CancelDrain', { action: 'cancelDrain', ...input }, input, context),
    async SetPlacementWeights(input, context) {
      const { tenant } = context;
      if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
      const outcome = await handleCommand(store, {
        decider: termsDecider,
        stream: termsStream(tenant),
        command: { action: 'weigh', tenantId: tenant, weights: input.weights },
        origin: originOf(context),
        idempotency: idempotencyOf('SetPlacementWeights', input, context),
        result: () => ({ tenantId: tenant }),
      });
      return answerOf(outcome);
    },
  };
}
