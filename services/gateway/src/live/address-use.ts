/** `use` of ranges, subnets and namespaces. */
import type { LiveResolver } from './resolvers.ts';

export const addressUse: LiveResolver = {
  needs: ['id'],
  resolve: (row, _args, { addressUse: loader }) => loader.load(String(row.id)),
};
