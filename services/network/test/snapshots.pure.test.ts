/**
 * Snapshots are copies of the states. Where the file differs, `evolve` makes something else of the events than it did:
 * raise the `version` of the decider's snapshot, and record the file of the new version with `-u`.
 */
import { snapshotsOfGolden } from '@atoll/events/testing/check-snapshots';
import { networkEvents } from '@atoll/schema/network/events';
import { expect, test } from 'vitest';
import { policy } from '../src/domain/policy.ts';

test('those of policies', async () => {
  const states = snapshotsOfGolden({ context: 'network', registry: networkEvents, kind: 'policy', decider: policy });
  await expect(states).toMatchFileSnapshot(`golden/policy.snapshot-${policy.snapshot?.version}.txt`);
});
