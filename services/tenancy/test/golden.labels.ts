/** Labels, in the story of tenancy: of what is there to the end. */
import { type createRecorder, goldenId } from '@atoll/events/testing/record-golden';
import { environment, environmentStream } from '../src/domain/environment.ts';
import { namespace, namespaceStream } from '../src/domain/namespace.ts';
import { serviceAccount, serviceAccountStream } from '../src/domain/service-account.ts';
import { tenant as tenantDecider, tenantStream } from '../src/domain/tenant.ts';

type Run = ReturnType<typeof createRecorder>['run'];

export function recordLabels(run: Run): void {
  const tenant = goldenId('tenant', 1);
  const by = { tenant, actor: 'user:ann' };
  const set = { kind: 'setLabels', labels: { team: 'web' } } as const;
  const [environmentId, namespaceId] = [goldenId('environment', 1), goldenId('namespace', 1)];
  run(tenantDecider, { ...by, stream: tenantStream(tenant) }, set);
  run(environment, { ...by, stream: environmentStream(environmentId) }, { ...set, tenant });
  run(namespace, { ...by, stream: namespaceStream(namespaceId) }, { ...set, tenant });
  const serviceAccountId = goldenId('serviceAccount', 2);
  const created = { name: 'robot', secretHash: 'a'.repeat(64) };
  run(
    serviceAccount,
    { ...by, stream: serviceAccountStream(serviceAccountId) },
    {
      ...{ ...set, tenantId: tenant, serviceAccountId, created },
    },
  );
}
