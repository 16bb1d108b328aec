/** When nodes were heard of: asked by the gateway for the operator. It is no fact, so no read model has it. */
import type { EventStore } from '@atoll/events/store';
import type { deployCommands } from '@atoll/schema/deploy/commands';
import { reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { CommandHandlers } from '@atoll/service/commands';
import type { Pool } from 'pg';

const notThePlatform = reject('FORBIDDEN', 'Only the operator sees when nodes were heard of.');

export const heardHandlers = ({
  store,
  pool,
}: {
  readonly store: EventStore;
  readonly pool: Pool;
}): Pick<CommandHandlers<typeof deployCommands>, 'ReadHeard'> => ({
  async ReadHeard({ nodeIds }, { tenant }) {
    if (tenant !== PLATFORM) return { ok: false, rejection: notThePlatform };
    const { rows } = await pool.query<{ node_id: Id<'node'>; heard_at: Date }>({
      name: 'deploy-read-heard',
      text: 'select node_id, heard_at from deploy.node_hearing where node_id = any($1) order by node_id',
      values: [nodeIds],
    });
    const nodes = rows.map(({ node_id: nodeId, heard_at }) => ({ nodeId, heardAt: heard_at.toISOString() }));
    return { ok: true, result: { nodes }, position: await store.lastPosition(), version: 0 };
  },
});
