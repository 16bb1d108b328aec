/** What every release wrote is read and understood by today's code. The states may change with the code: look at the difference. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { foldGolden, folding, stateText } from '@atoll/events/testing/fold-golden';
import { goldenReleases } from '@atoll/events/testing/golden';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { expect, test } from 'vitest';
import { apiKey } from '../src/domain/api-key.ts';
import { deletion } from '../src/domain/deletion.ts';
import { entitlements } from '../src/domain/entitlements.ts';
import { environment } from '../src/domain/environment.ts';
import { holding } from '../src/domain/holding.ts';
import { invitation } from '../src/domain/invitation.ts';
import { issuer } from '../src/domain/issuer.ts';
import { namespace } from '../src/domain/namespace.ts';
import { plan } from '../src/domain/plan.ts';
import { promotion } from '../src/domain/promotion.ts';
import { protection } from '../src/domain/protection.ts';
import { quotaScope } from '../src/domain/quota-scope.ts';
import { serviceAccount } from '../src/domain/service-account.ts';
import { tenant } from '../src/domain/tenant.ts';

const deciders = {
  ...{ tenant: folding(tenant), environment: folding(environment), namespace: folding(namespace) },
  ...{ issuer: folding(issuer), apiKey: folding(apiKey), invitation: folding(invitation) },
  serviceAccount: folding(serviceAccount),
  ...{ plan: folding(plan), entitlements: folding(entitlements), promotion: folding(promotion) },
  ...{ quota: folding(quotaScope), holding: folding(holding) },
  ...{ deletion: folding(deletion), protection: folding(protection) },
};

test.each(goldenReleases())(
  'the streams that release %s wrote come to the states that they came to',
  async (release) => {
    const states = foldGolden({ release, context: 'tenancy', registry: tenancyEvents, deciders });
    await expect(stateText(states)).toMatchFileSnapshot(`golden/${release}.states.json`);
  },
);

test('the story for the next release tells every type of event', () => {
  const recorder = fileURLToPath(new URL('golden.record.ts', import.meta.url));
  expect(() => execFileSync(process.execPath, [recorder], { stdio: 'pipe', timeout: 30_000 })).not.toThrow();
});
