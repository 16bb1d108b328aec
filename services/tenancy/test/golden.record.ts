/** Records the golden streams of tenancy: `npm run gen -- --ship 1.2.3` runs it. */
import { createRecorder, goldenId } from '@atoll/events/testing/record-golden';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { environment, environmentStream } from '../src/domain/environment.ts';
import { namespace, namespaceStream } from '../src/domain/namespace.ts';
import { defaultLimits, tenant, tenantStream } from '../src/domain/tenant.ts';
import { recordAccess, recordEnvironments, recordPlans } from './golden.access.ts';
import { recordDeletions, recordQuotas } from './golden.deletion.ts';
import { recordIdentity } from './golden.identity.ts';
import { recordLabels } from './golden.labels.ts';

const [, , release = ''] = process.argv;
const { run, write } = createRecorder('tenancy', tenancyEvents);

const operator = { kind: 'platform' } as const;
const tenantId = goldenId('tenant', 1);
const environmentId = goldenId('environment', 1);
const by = { tenant: tenantId, actor: 'user:ann' };
const ofTenant = { ...by, stream: tenantStream(tenantId) };

run(
  tenant,
  { ...ofTenant, actor: 'operator:root' },
  {
    kind: 'create',
    tenantId,
    name: 'acme',
    limits: defaultLimits,
    requestKey: 'golden',
    planId: goldenId('plan', 1),
    members: [
      { memberId: goldenId('member', 1), subject: 'ann@acme.example', role: 'admin' },
      { memberId: goldenId('member', 2), subject: 'auth0|5f7c8ec7c33c6c004bbafe82', role: 'viewer' },
    ],
  },
);
run(tenant, ofTenant, {
  kind: 'createServiceAccount',
  by: operator,
  serviceAccountId: goldenId('serviceAccount', 1),
  name: 'pipeline',
  role: 'admin',
  secretHash: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
});
run(
  environment,
  { ...by, stream: environmentStream(environmentId) },
  {
    kind: 'create',
    tenant: tenantId,
    environmentId,
    name: 'staging',
    environmentKind: 'STAGING',
  },
);

/** The first one lives on, the second one goes. */
for (const [number, name, labels] of [
  [1, 'shop', { team: 'web', tier: 'front' }],
  [2, 'trial', {}],
] as const) {
  const namespaceId = goldenId('namespace', number);
  run(namespace, { ...by, stream: namespaceStream(namespaceId) }, {
    ...{ kind: 'create', tenant: tenantId, namespaceId, environmentId, name, labels, limit: 50 },
  } as const);
}
const trial = { ...by, stream: namespaceStream(goldenId('namespace', 2)) };
const [requested] = run(namespace, trial, { kind: 'requestDeletion', tenant: tenantId });
run(
  namespace,
  { ...trial, actor: 'service:tenancy', ...(requested && { cause: requested.id }) },
  { kind: 'finishDeletion', tenant: tenantId },
);

// A person who comes and is forgotten. What is personal stands sealed in a log, with keys that no file has: here, nothing.
const guest = {
  memberId: goldenId('member', 3),
  subject: 'guest-7',
  role: 'viewer',
  displayName: null,
  email: null,
} as const;
run(tenant, ofTenant, { kind: 'addMember', by: operator, ...guest });
run(tenant, ofTenant, { kind: 'erasePersonalData', subject: guest.subject });

const byOperator = { ...ofTenant, actor: 'operator:root' };
run(tenant, byOperator, { kind: 'suspend', reason: 'The invoice of October is open.' });
run(tenant, byOperator, { kind: 'resume' });

// Network's story names the positions of what is above; what is new comes after it.
recordIdentity(run);
recordAccess(run);
recordPlans(run);
recordEnvironments(run);
recordQuotas(run);
recordDeletions(run);
recordLabels(run);

write(release);
