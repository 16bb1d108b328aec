/** `Query.deletionPlan`: asked of tenancy, which asks the other services. */
import { randomUUID } from 'node:crypto';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { idKind, type Tenant } from '@atoll/schema/ids';
import { deletionPlan } from '@atoll/schema/tenancy/deletion';
import type { createCommandClient } from '@atoll/service/commands';
import { ApiError } from '../errors.ts';
import type { LiveResolver } from './resolvers.ts';

const ANSWER_MS = 10_000;

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

export function createDeletionPlan(commands: ReturnType<typeof createCommandClient>): LiveResolver {
  return {
    needs: [],
    async resolve(_row, args, { viewer }) {
      const id = String(args.id);
      const kind = idKind(id);
      // The operator has a hand in tenants alone: what is in them is theirs.
      const tenant = viewer.tenant ?? (kind === 'tenant' ? (id as Tenant) : null);
      if (kind === null || tenant === null || (kind === 'tenant' && id !== tenant)) return null;
      const reply = await commands.call('tenancy', 'PlanDeletion', {
        key: `plan ${randomUUID()}`,
        tenant,
        actor: `user:${viewer.subject}`,
        correlation: randomUUID(),
        traceparent: null,
        deadline: Date.now() + ANSWER_MS,
        seen: {},
        expectedVersion: null,
        data: { id },
      });
      if (reply.ok) return deletionPlan.parse(reply.result);
      const { code, message } = reply.error;
      // An id of another kind is no id that could be planned for.
      if (code === 'NOT_FOUND' || code === 'INVALID_ARGUMENT') return null;
      throw isCode(code) ? new ApiError(code, message) : new Error(message);
    },
  };
}
