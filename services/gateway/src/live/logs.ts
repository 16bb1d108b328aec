/** `Instance.logs`: the last lines of an instance's log, from its node. */
import type { Id } from '@atoll/schema/ids';
import { ApiError } from '../errors.ts';
import type { LiveResolver } from './resolvers.ts';

export const instanceLogs: LiveResolver = {
  needs: ['id', 'node_id'],
  async resolve(row, args, { logs }) {
    const tail = args.tail ?? 100;
    if (typeof tail !== 'number' || tail < 1 || tail > 1000) {
      throw new ApiError('BAD_USER_INPUT', '`tail` must be from 1 to 1000.');
    }
    return logs.load({ nodeId: row.node_id as Id<'node'>, instanceId: row.id as Id<'instance'>, tail });
  },
};
