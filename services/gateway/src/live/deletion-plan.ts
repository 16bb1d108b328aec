/** `Query.deletionPlan`: asked of tenancy, which asks the other services. */
import { idKind, type Tenant } from '@atoll/schema/ids';
import type { DeletionPlan } from '@atoll/schema/tenancy/deletion';
import { ApiError } from '../errors.ts';
import { askService, type Commands } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

/** Milliseconds: each of the services counts what it has. */
const patience = 10_000;

export function createDeletionPlan(commands: Commands): LiveResolver {
  return {
    needs: [],
    async resolve(_row, args, { viewer }) {
      const id = String(args.id);
      const kind = idKind(id);
      // The operator has a hand in tenants alone: what is in them is theirs.
      const tenant = viewer.tenant ?? (kind === 'tenant' ? (id as Tenant) : null);
      if (kind === null || tenant === null || (kind === 'tenant' && id !== tenant)) return null;
      const data = { id: id as DeletionPlan['id'] };
      const question = { context: 'tenancy', question: 'PlanDeletion', data, tenant, patience } as const;
      return await askService(commands, viewer, question).catch((error: unknown) => {
        // An id of another kind is no id that could be planned for.
        if (error instanceof ApiError && (error.code === 'NOT_FOUND' || error.code === 'BAD_USER_INPUT')) return null;
        throw error;
      });
    },
  };
}
