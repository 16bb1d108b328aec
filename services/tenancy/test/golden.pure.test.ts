/** What every release wrote is read and understood by today's code. The states may change with the code: look at the difference. */
import { foldGolden, folding, stateText } from '@atoll/events/testing/fold-golden';
import { goldenReleases } from '@atoll/events/testing/golden';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { expect, test } from 'vitest';
import { apiKey } from '../src/domain/api-key.ts';
import { environment } from '../src/domain/environment.ts';
import { invitation } from '../src/domain/invitation.ts';
import { issuer } from '../src/domain/issuer.ts';
import { namespace } from '../src/domain/namespace.ts';
import { serviceAccount } from '../src/domain/service-account.ts';
import { tenant } from '../src/domain/tenant.ts';

const deciders = {
  ...{ tenant: folding(tenant), environment: folding(environment), namespace: folding(namespace) },
  ...{ issuer: folding(issuer), apiKey: folding(apiKey), invitation: folding(invitation) },
  serviceAccount: folding(serviceAccount),
};

test.each(goldenReleases())(
  'the streams that release %s wrote come to the states that they came to',
  async (release) => {
    const states = foldGolden({ release, context: 'tenancy', registry: tenancyEvents, deciders });
    await expect(stateText(states)).toMatchFileSnapshot(`golden/${release}.states.json`);
  },
);
