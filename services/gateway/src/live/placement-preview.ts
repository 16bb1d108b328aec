/** `Query.placementPreview`: where instances would be placed now, as deploy would place them. */
import { randomUUID } from 'node:crypto';
import { deployCommands } from '@atoll/schema/deploy/commands';
import { idKind } from '@atoll/schema/ids';
import type { createCommandClient } from '@atoll/service/commands';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import { type WishesInput, wishesOf, wishesRepetition } from '../mutations/placement.ts';
import { shownDecision } from '../project/deploy.ts';
import type { Projections } from '../project/projections.ts';
import type { LiveResolver } from './resolvers.ts';

const answerMs = 10_000;

const notFound = () => new ApiError('NOT_FOUND', '`namespaceId` is no namespace of yours.');
const malformed = (message: string) => new ApiError('BAD_USER_INPUT', message);

export function createPlacementPreview(needs: {
  readonly commands: ReturnType<typeof createCommandClient>;
  readonly locator: Locator;
  readonly positions: Projections['positions'];
}): LiveResolver {
  const { commands, locator, positions } = needs;
  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const { tenant, subject } = viewer;
      const namespaceId = String(args.namespaceId);
      if (tenant === null || idKind(namespaceId) !== 'namespace') throw notFound();
      const where = { id: namespaceId, where: 'Query.placementPreview' };
      const admission = await admit(locator, viewer, 'deployment:read', where);
      if (admission.kind === 'forbidden') throw admission.error;
      if (admission.kind === 'missing' || (await locator.locate(tenant, namespaceId)) === null) throw notFound();
      const placement = args.placement as WishesInput | null | undefined;
      const twice = wishesRepetition(placement);
      if (twice) throw malformed(twice.message);
      const { replicas = 1, cpuMillis = 100, memoryMiB = 64 } = args;
      const reply = await commands.call('deploy', 'PreviewPlacement', {
        key: `preview ${randomUUID()}`,
        tenant,
        actor: `user:${subject}`,
        correlation: randomUUID(),
        traceparent: null,
        deadline: Date.now() + answerMs,
        seen: positions(),
        expectedVersion: null,
        data: { namespaceId, replicas, resources: { cpuMillis, memoryMiB }, placement: wishesOf(placement) },
      });
      if (!reply.ok) {
        const { code, message, field } = reply.error;
        if (code === 'NOT_FOUND') throw notFound();
        if (code === 'INVALID_ARGUMENT') throw malformed(field === undefined ? message : `\`${field}\`: ${message}`);
        throw new ApiError(
          'UNAVAILABLE',
          'Where instances would be placed could not be asked at this moment. Try again.',
        );
      }
      const { fit, refusal, places, unplaced } = deployCommands.PreviewPlacement.result.parse(reply.result);
      return {
        ...{ fit, refusal },
        places: places.map(({ nodeId, decision }) => ({ nodeId, decision: shownDecision(decision) })),
        unplaced: unplaced && shownDecision(unplaced),
      };
    },
  };
}
