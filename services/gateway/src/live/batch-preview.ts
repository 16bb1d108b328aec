/** `Query.batchPreview`: which deployments a batch would be about, and what would become of each, as deploy says. */
import type { DeployInput } from '@atoll/schema/deploy/commands';
import { idKind } from '@atoll/schema/ids';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import { type OperationInput, operationOf } from '../mutations/batches.ts';
import { type LabelInput, labelMap, labelRepetition } from '../mutations/lists.ts';
import type { Projections } from '../project/projections.ts';
import { askService, type Commands } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

/** Milliseconds: it may look at a thousand deployments. */
const patience = 10_000;

const notFound = () => new ApiError('NOT_FOUND', '`scopeId` is no namespace and no environment of yours.');

export function createBatchPreview(needs: {
  readonly commands: Commands;
  readonly locator: Locator;
  readonly positions: Projections['positions'];
}): LiveResolver {
  const { commands, locator, positions } = needs;
  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const id = String(args.scopeId);
      const kind = idKind(id);
      if (viewer.tenant === null || (kind !== 'namespace' && kind !== 'environment')) throw notFound();
      const admission = await admit(locator, viewer, 'deployment:read', { id, where: 'Query.batchPreview' });
      if (admission.kind === 'forbidden') throw admission.error;
      if (admission.kind === 'missing' || (await locator.locate(viewer.tenant, id)) === null) throw notFound();
      const labels = args.labels as readonly LabelInput[];
      const twice = labelRepetition(labels, 'labels');
      if (twice) throw new ApiError('BAD_USER_INPUT', twice.message);
      // Its owner parses it, and says what is wrong.
      const asked = { scopeId: id, labels: labelMap(labels), operation: operationOf(args.operation as OperationInput) };
      const data = asked as DeployInput<'PreviewBatch'>;
      const question = { context: 'deploy', question: 'PreviewBatch', data, patience, seen: positions() } as const;
      return await askService(commands, viewer, question);
    },
  };
}
