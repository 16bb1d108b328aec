/** What most tests ask for: an ALLOW between instances, always. */
import { definitionOfSpec } from '@atoll/schema/network/policies';
import type { PolicySpec } from '@atoll/schema/network/spec';

/** Of the policy's own namespace, and to be spread into the command. */
export const opens = (namespaceId: string | undefined, spec: unknown) => ({
  definition: definitionOfSpec(namespaceId as `ns_${string}`, spec as PolicySpec),
  schedule: null,
});
