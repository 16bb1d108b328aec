/**
 * Snapshots are copies of the states. Where a file differs, `evolve` makes something else of the events than it did:
 * raise the `version` of the decider's snapshot, and record the file of the new version with `-u`.
 */
import { snapshotsOfGolden } from '@atoll/events/testing/check-snapshots';
import { deployEvents } from '@atoll/schema/deploy/events';
import { expect, test } from 'vitest';
import { deploymentDecider } from '../src/domain/decide.ts';
import { nodeDecider } from '../src/domain/node.ts';

const of = { context: 'deploy', registry: deployEvents } as const;

test('those of deployments', async () => {
  const states = snapshotsOfGolden({ ...of, kind: 'deployment', decider: deploymentDecider });
  const version = deploymentDecider.snapshot?.version;
  await expect(states).toMatchFileSnapshot(`golden/deployment.snapshot-${version}.txt`);
});

test('those of nodes', async () => {
  const states = snapshotsOfGolden({ ...of, kind: 'node', decider: nodeDecider });
  await expect(states).toMatchFileSnapshot(`golden/node.snapshot-${nodeDecider.snapshot?.version}.txt`);
});
