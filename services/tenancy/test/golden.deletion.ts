/** The story of quotas, and of what is protected and deleted, for the golden streams. */
import { type createRecorder, goldenId } from '@atoll/events/testing/record-golden';
import type { DeletionStep } from '@atoll/schema/tenancy/deletion';
import { type DeletionCommand, deletion, deletionStream, type Target } from '../src/domain/deletion.ts';
import { stepNames } from '../src/domain/deletion-steps.ts';
import { environment, environmentStream } from '../src/domain/environment.ts';
import { holding, holdingStream } from '../src/domain/holding.ts';
import { protection, protectionStream } from '../src/domain/protection.ts';
import { quotaScope, quotaScopeStream } from '../src/domain/quota-scope.ts';
import { defaultLimits, tenant, tenantStream } from '../src/domain/tenant.ts';

type Run = ReturnType<typeof createRecorder>['run'];

const tenantId = goldenId('tenant', 1);
const by = { tenant: tenantId, actor: 'user:ann' };
const staging = goldenId('environment', 1);
const namespaceId = goldenId('namespace', 1);

/** A deployment that grows, one that never came, and a difference that is found and healed. */
export function recordQuotas(run: Run): void {
  const scope = { tenant: tenantId, environmentId: staging };
  const ofStaging = { ...by, stream: quotaScopeStream(staging) };
  run(quotaScope, ofStaging, { ...scope, namespaceId: null, limits: { instances: 20, cpuMillis: 8000 } });
  run(quotaScope, ofStaging, { ...scope, namespaceId: null, limits: { instances: null } });
  run(quotaScope, { ...by, stream: quotaScopeStream(namespaceId) }, { ...scope, namespaceId, limits: { ports: 2 } });

  const byService = { tenant: tenantId, actor: 'service:deploy' };
  for (const number of [1, 2]) {
    const holderId = goldenId('deployment', number);
    const stream = { ...byService, stream: holdingStream(holderId) };
    const name = number === 1 ? 'web' : 'once';
    const holder = { tenant: tenantId, holderId, namespaceId, environmentId: staging, name, owner: 'deploy' } as const;
    const amounts = { instances: 3, cpuMillis: 1500, memoryMiB: 768 };
    const reservationId = goldenId('reservation', number);
    const times = { until: '2026-11-23T09:01:00.000Z', useBefore: '2026-11-23T09:00:40.000Z' };
    run(holding, stream, {
      ...{
        kind: 'reserve',
        ...holder,
        reservationId,
        amounts,
        ...times,
        limits: defaultLimits,
        entitlements: null,
        namespaceName: 'shop',
      },
    } as const);
    if (number === 2) {
      run(holding, stream, { kind: 'end', tenant: tenantId, reservationId, reason: 'EXPIRED' });
      continue;
    }
    run(holding, stream, { kind: 'commit', ...holder, amounts, told: 3, reservationId });
    const actual = { ...amounts, instances: 2 };
    run(holding, stream, { kind: 'compare', ...holder, actual });
    run(holding, stream, { kind: 'commit', ...holder, amounts: actual, told: 9, reservationId: null });
    run(holding, stream, { kind: 'heal', tenant: tenantId, told: 12, seen: 9 });
  }
}

const steps = (of: Target, status: DeletionStep['status']): readonly DeletionStep[] =>
  stepNames[of.target].map((name) => ({ name, status, done: status === 'DONE' ? 1 : 0, total: 1, waitingFor: null }));
const nothing = (['tenancy', 'deploy', 'network', 'read'] as const).map((service) => ({
  ...{ service, position: service === 'read' ? null : 1, counts: [{ kind: 'namespaces', count: 0 }] },
}));

/** Closed, and either taken back or purged; `last` is what ends it. */
function recordDeletion(run: Run, number: number, owner: typeof tenantId, of: Target, last: (() => void) | null): void {
  const deletionId = goldenId('deletion', number);
  const doing = { tenant: owner, actor: 'user:ann', stream: deletionStream(deletionId) };
  const does = (command: DeletionCommand) => run(deletion, doing, command);
  does({
    ...{ kind: 'start', tenant: owner, deletionId, of, name: 'old', plan: '0'.repeat(32) },
    ...{ counts: [{ kind: 'namespaces', count: 1 }], purgeAt: '2026-11-23T09:00:30.000Z', steps: steps(of, 'PENDING') },
  } as const);
  if (last === null) {
    does({ kind: 'cancel', tenant: owner, reopened: true });
    return;
  }
  const now = '2026-11-23T09:00:31.000Z';
  does({ kind: 'purge', tenant: owner, now, namespaceIds: [goldenId('namespace', 2)], steps: steps(of, 'PENDING') });
  does({ kind: 'progress', steps: steps(of, 'RUNNING') });
  does({ kind: 'removeAccess', subjects: ['zoe'], releases: [] });
  last();
  does({ kind: 'complete', proof: nothing, countedAt: '2026-11-23T09:00:32.000Z', steps: steps(of, 'DONE') });
}

/** An environment that goes, after it was protected; and a tenant that is held, taken back, and then goes for good. */
export function recordDeletions(run: Run): void {
  const environmentId = goldenId('environment', 2);
  const ofEnvironment = { ...by, stream: environmentStream(environmentId) };
  const created = { tenant: tenantId, environmentId, name: 'old', environmentKind: 'TEST' } as const;
  run(environment, ofEnvironment, { kind: 'create', ...created });
  for (const enabled of [true, false]) {
    const path = [environmentId, tenantId];
    const guarded = { kind: 'protect', tenant: tenantId, id: environmentId, path, enabled } as const;
    run(protection, { ...by, stream: protectionStream(environmentId) }, guarded);
  }
  recordDeletion(run, 1, tenantId, { target: 'ENVIRONMENT', targetId: environmentId }, () =>
    run(environment, ofEnvironment, { kind: 'delete', environmentId, name: 'old', releases: [] }),
  );

  const old = goldenId('tenant', 2);
  const byOperator = { tenant: old, actor: 'operator:root' };
  run(
    tenant,
    { ...byOperator, stream: tenantStream(old) },
    {
      kind: 'create',
      tenantId: old,
      name: 'old',
      limits: defaultLimits,
      requestKey: 'golden-2',
      planId: goldenId('plan', 1),
      members: [],
    },
  );
  const held = { ...byOperator, stream: protectionStream(old) };
  run(protection, held, { kind: 'hold', tenant: old, reason: 'A court has asked.' });
  run(protection, held, { kind: 'hold', tenant: old, reason: null });
  const whole = { target: 'TENANT', targetId: old } as const;
  recordDeletion(run, 2, old, whole, null);
  const deletionId = goldenId('deletion', 3);
  recordDeletion(run, 3, old, whole, () =>
    run(
      tenant,
      { ...byOperator, stream: tenantStream(old) },
      { kind: 'delete', deletionId, name: 'old', releases: [] },
    ),
  );
}
