/** What every release wrote is read and understood by today's code. The states may change with the code: look at the difference. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { foldGolden, folding, stateText } from '@atoll/events/testing/fold-golden';
import { goldenReleases } from '@atoll/events/testing/golden';
import { deployEvents } from '@atoll/schema/deploy/events';
import { expect, test } from 'vitest';
import { deploymentDecider } from '../src/domain/decide.ts';
import { environmentDecider } from '../src/domain/environment.ts';
import { namespaceDecider } from '../src/domain/namespace.ts';
import { nodeDecider } from '../src/domain/node.ts';

const deciders = {
  deployment: folding(deploymentDecider),
  environment: folding(environmentDecider),
  namespace: folding(namespaceDecider),
  node: folding(nodeDecider),
};

test.each(goldenReleases())(
  'the streams that release %s wrote come to the states that they came to',
  async (release) => {
    const states = foldGolden({ release, context: 'deploy', registry: deployEvents, deciders });
    await expect(stateText(states)).toMatchFileSnapshot(`golden/${release}.states.json`);
  },
);

test('the story for the next release tells every type of event', () => {
  const recorder = fileURLToPath(new URL('golden.record.ts', import.meta.url));
  expect(() => execFileSync(process.execPath, [recorder], { stdio: 'pipe', timeout: 30_000 })).not.toThrow();
});
