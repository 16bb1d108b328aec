/** What every release wrote is read and understood by today's code. The states may change with the code: look at the difference. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { foldGolden, folding, stateText } from '@atoll/events/testing/fold-golden';
import { goldenReleases } from '@atoll/events/testing/golden';
import { networkEvents } from '@atoll/schema/network/events';
import { expect, test } from 'vitest';
import { connection } from '../src/domain/connection.ts';
import { endpoint } from '../src/domain/endpoint.ts';
import { environment } from '../src/domain/environment.ts';
import { namespace } from '../src/domain/namespace.ts';
import { node } from '../src/domain/node.ts';
import { platformPolicy } from '../src/domain/platform-policy.ts';
import { policy } from '../src/domain/policy.ts';
import { subnet } from '../src/domain/subnet.ts';

const deciders = {
  endpoint: folding(endpoint),
  environment: folding(environment),
  namespace: folding(namespace),
  node: folding(node),
  platformPolicy: folding(platformPolicy),
  policy: folding(policy),
  subnet: folding(subnet),
  tenant: folding(connection),
};

test.each(goldenReleases())(
  'the streams that release %s wrote come to the states that they came to',
  async (release) => {
    const states = foldGolden({ release, context: 'network', registry: networkEvents, deciders });
    await expect(stateText(states)).toMatchFileSnapshot(`golden/${release}.states.json`);
  },
);

test('the story for the next release tells every type of event', () => {
  const recorder = fileURLToPath(new URL('golden.record.ts', import.meta.url));
  expect(() => execFileSync(process.execPath, [recorder], { stdio: 'pipe', timeout: 30_000 })).not.toThrow();
});
