/** What every release wrote is read and understood by today's code. The states may change with the code: look at the difference. */
import { foldGolden, folding, stateText } from '@atoll/events/testing/fold-golden';
import { goldenReleases } from '@atoll/events/testing/golden';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { expect, test } from 'vitest';
import { environment } from '../src/domain/environment.ts';
import { namespace } from '../src/domain/namespace.ts';
import { tenant } from '../src/domain/tenant.ts';

const deciders = { tenant: folding(tenant), environment: folding(environment), namespace: folding(namespace) };

test.each(goldenReleases())(
  'the streams that release %s wrote come to the states that they came to',
  async (release) => {
    const states = foldGolden({ release, context: 'tenancy', registry: tenancyEvents, deciders });
    await expect(stateText(states)).toMatchFileSnapshot(`golden/${release}.states.json`);
  },
);
