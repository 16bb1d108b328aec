import { given } from '@atoll/events/given';
import type { DeletionStep } from '@atoll/schema/tenancy/deletion';
import { describe, expect, it } from 'vitest';
import { environmentKey, purgeKey, requireUnheld } from './claims.ts';
import {
  type DeletionAction,
  type DeletionCommand,
  type DeletionEvent,
  type DeletionState,
  deletion,
} from './deletion.ts';
import { type Left, nextAction, stepsNow } from './deletion-steps.ts';

const tenant = 'ten_01h455vb4pex5vsknk084sn02q';
const targetId = 'env_01h455vb4pex5vsknk084sn02q';
const deletionId: `del_${string}` = 'del_01h455vb4pex5vsknk084sn02q';
const of = { target: 'ENVIRONMENT', targetId } as const;
const plan = 'f'.repeat(32);
const purgeAt = '2026-11-23T12:00:00.000Z';
const steps: DeletionStep[] = [{ name: 'CLOSE', status: 'DONE', done: 1, total: 1, waitingFor: null }];
const later: DeletionStep[] = [{ name: 'CLOSE', status: 'DONE', done: 2, total: 2, waitingFor: null }];
const begun = { deletionId, name: 'shop', plan, counts: [], purgeAt, steps };

const started: DeletionEvent = { type: 'DeletionStarted', data: { ...begun, ...of } };
const cancelled: DeletionEvent = { type: 'DeletionCancelled', data: { deletionId, ...of, reopened: true } };
const purging: DeletionEvent = { type: 'DeletionPurgeStarted', data: { deletionId, ...of, namespaceIds: [], steps } };
const progressed: DeletionEvent = { type: 'DeletionProgressed', data: { deletionId, steps: later } };
const proof = (['tenancy', 'deploy', 'network', 'read'] as const).map((service) => ({
  ...{ service, position: 7, counts: [{ kind: 'instances', count: 0 }] },
}));
const completed: DeletionEvent = {
  type: 'DeletionCompleted',
  data: { deletionId, ...of, proof, countedAt: purgeAt, steps },
};

const history: Record<DeletionState['status'], readonly DeletionEvent[]> = {
  absent: [],
  retained: [started],
  purging: [started, purging],
  cancelled: [started, cancelled],
  completed: [started, purging, completed],
};
const commands: Record<DeletionAction, DeletionCommand> = {
  start: { kind: 'start', tenant, of, ...begun },
  cancel: { kind: 'cancel', tenant, reopened: true },
  purge: { kind: 'purge', tenant, now: purgeAt, namespaceIds: [], steps },
  progress: { kind: 'progress', steps: later },
  removeAccess: { kind: 'removeAccess', subjects: ['ada'], releases: [] },
  complete: { kind: 'complete', proof, countedAt: purgeAt, steps },
};
/** What becomes of each command in each status: the event, nothing, or the code of the refusal. */
const table: Record<DeletionAction, Record<DeletionState['status'], string | null>> = {
  start: {
    absent: 'DeletionStarted',
    retained: 'ILLEGAL_STATE',
    purging: 'ILLEGAL_STATE',
    cancelled: 'ILLEGAL_STATE',
    completed: 'ILLEGAL_STATE',
  },
  cancel: {
    absent: 'NOT_FOUND',
    retained: 'DeletionCancelled',
    purging: 'ILLEGAL_STATE',
    cancelled: null,
    completed: 'ILLEGAL_STATE',
  },
  purge: { absent: 'NOT_FOUND', retained: 'DeletionPurgeStarted', purging: null, cancelled: null, completed: null },
  progress: {
    absent: 'NOT_FOUND',
    retained: 'DeletionProgressed',
    purging: 'DeletionProgressed',
    cancelled: null,
    completed: null,
  },
  removeAccess: {
    absent: 'NOT_FOUND',
    retained: 'ILLEGAL_STATE',
    purging: 'DeletionAccessRemoved',
    cancelled: 'ILLEGAL_STATE',
    completed: null,
  },
  complete: {
    absent: 'NOT_FOUND',
    retained: 'ILLEGAL_STATE',
    purging: 'DeletionCompleted',
    cancelled: 'ILLEGAL_STATE',
    completed: null,
  },
};

describe('a deletion', () => {
  const cells = (Object.keys(table) as DeletionAction[]).flatMap((action) =>
    (Object.keys(history) as DeletionState['status'][]).map((status) => [action, status] as const),
  );
  it.each(cells)('%s while it is %s', (action, status) => {
    const decision = given(deletion, history[status]).when(commands[action]);
    const outcome = decision.ok ? (decision.events[0]?.type ?? null) : decision.rejection.code;
    expect(outcome).toBe(table[action][status]);
    if (outcome === null || !decision.ok) expect(decision.ok ? decision.claims : []).toEqual([]);
  });

  it('of an environment closes it in its first commit, unless it is protected, held, or its tenant closed', () => {
    expect(given(deletion, []).when(commands.start)).toMatchObject({
      claims: [
        { op: 'take', set: 'deletion', key: targetId, owner: deletionId },
        { op: 'require', set: 'tenant', key: tenant },
        { op: 'require', set: 'environment', key: environmentKey(tenant, targetId) },
        ...requireUnheld('legal-hold', tenant, deletionId),
        ...requireUnheld('deletion-protection', targetId, deletionId),
        { op: 'release', set: 'environment', key: environmentKey(tenant, targetId), owner: targetId },
      ],
    });
  });

  it('of a tenant lets go of its mark, and a suspended one can be deleted', () => {
    const command = { ...commands.start, of: { target: 'TENANT', targetId: tenant } } as DeletionCommand;
    expect(given(deletion, []).when(command)).toMatchObject({
      claims: [
        { op: 'take', set: 'deletion', key: tenant },
        ...requireUnheld('legal-hold', tenant, deletionId),
        ...requireUnheld('deletion-protection', tenant, deletionId),
        { op: 'release', set: 'tenant', key: tenant },
      ],
    });
  });

  it('that is cancelled gives the mark back, but not to a tenant that is suspended besides', () => {
    const mark = { op: 'take', set: 'environment', key: environmentKey(tenant, targetId) };
    expect(given(deletion, [started]).when(commands.cancel)).toMatchObject({ claims: [{ op: 'release' }, mark] });
    const suspended = given(deletion, [started]).when({ kind: 'cancel', tenant, reopened: false });
    expect(suspended).toMatchObject({ claims: [{ op: 'release', set: 'deletion', key: targetId }] });
    expect(suspended.ok && suspended.claims).toHaveLength(1);
  });

  it('destroys nothing before its time, and from then on no hold can come', () => {
    const early = { ...commands.purge, now: '2026-11-23T11:59:59.999Z' } as DeletionCommand;
    expect(given(deletion, [started]).when(early)).toMatchObject({ ok: true, events: [], claims: [] });
    expect(given(deletion, [started]).when(commands.purge)).toMatchObject({
      claims: [
        ...requireUnheld('legal-hold', tenant, deletionId),
        { op: 'take', set: 'deletion', key: purgeKey(targetId) },
      ],
    });
  });

  it('is not completed while a service counts anything, and tells no progress twice', () => {
    const left = proof.map((one, index) => (index === 2 ? { ...one, counts: [{ kind: 'subnets', count: 1 }] } : one));
    expect(
      given(deletion, history.purging).when({ ...commands.complete, proof: left } as DeletionCommand),
    ).toMatchObject({
      rejection: { code: 'ILLEGAL_STATE', message: 'There is something left: 1 subnets in network.' },
    });
    expect(given(deletion, [started, purging, progressed]).when(commands.progress)).toMatchObject({ events: [] });
  });

  it('destroys the keys of personal data in the commit that says so', () => {
    expect(given(deletion, history.purging).when(commands.removeAccess)).toMatchObject({ erases: ['ada'] });
  });
});

describe('what a deletion does next', () => {
  const none = { counts: [], digest: '', waitingFor: null, findings: [] };
  const empty: Left = {
    ...{ namespaces: [], environments: [], held: [], bindings: [], promotions: [], subjects: [], target: false },
    deploy: { ok: true, position: 1, remains: none },
    network: { ok: true, position: 1, remains: none },
    read: { ok: true, position: null, remains: [] },
  };
  const some: Left['deploy'] = {
    ok: true,
    position: 1,
    remains: { ...none, counts: [{ kind: 'instances', count: 3 }] },
  };
  const isolated: Left['network'] = {
    ...{ ok: true, position: 1, remains: { ...none, counts: [{ kind: 'isolations', count: 1 }] } },
  };
  const silent = { ok: false, reason: 'nobody answers' } as const;
  const rules: Left['deploy'] = {
    ...{ ok: true, position: 1, remains: { ...none, counts: [{ kind: 'imageRules', count: 1 }] } },
  };
  const namespaces = [{ id: 'ns_01h455vb4pex5vsknk084sn02q', name: 'a' }] as const;
  const environments = [{ id: targetId, name: 'shop' }] as const;
  const held = [{ kind: 'unique', set: 'service-account-name', key: `${tenant}/a`, owner: 'a' }] as const;
  const rows = { ok: true, position: null, remains: [{ kind: 'namespace', count: 1 }] } as const;

  it.each([
    ['namespaces', { namespaces, deploy: some }],
    ['wait', { deploy: some, environments }],
    ['wait', { deploy: silent, environments }],
    ['wait', { network: some, environments }],
    ['wait', { network: silent, environments }],
    ['environments', { environments, held, subjects: ['ada'], target: true }],
    ['access', { held, target: true }],
    ['access', { subjects: ['ada'], target: true }],
    ['tenant', { target: true, read: rows }],
    ['wait', { read: rows }],
    ['wait', { read: silent }],
    // Known until the tenant itself is gone, and not longer.
    ['tenant', { network: isolated, target: true }],
    ['wait', { network: isolated }],
    ['complete', {}],
  ] as const)('of a tenant: %s (%#)', (action, left) => {
    expect(nextAction({ target: 'TENANT' }, { ...empty, ...left })).toEqual({ kind: action });
  });

  it('of an environment: what it holds goes before it', () => {
    expect(nextAction({ target: 'ENVIRONMENT' }, { ...empty, held, environments })).toEqual({ kind: 'access' });
    expect(nextAction({ target: 'ENVIRONMENT' }, { ...empty, environments })).toEqual({ kind: 'environments' });
  });

  it('of an environment: its image rules go with it, and it is not done before they have', () => {
    const at = (left: Partial<Left>) => nextAction({ target: 'ENVIRONMENT' }, { ...empty, deploy: rules, ...left });
    expect(at({ environments })).toEqual({ kind: 'environments' });
    expect(at({})).toEqual({ kind: 'wait' });
  });

  it('a service that is silent is waited for by name, and its step is not done', () => {
    const now = stepsNow(of, [], { ...empty, namespaces, deploy: silent }, { retainedUntil: null, completed: false });
    expect(now.find(({ name }) => name === 'STOP_WORKLOADS')).toEqual({
      ...{ name: 'STOP_WORKLOADS', status: 'RUNNING', done: 0, total: 0 },
      waitingFor: 'the deploy service: nobody answers',
    });
    expect(now.find(({ name }) => name === 'DELETE_NAMESPACES')?.status).toBe('PENDING');
  });

  it('what came in a race is counted, too', () => {
    const before = stepsNow(of, [], { ...empty, namespaces }, { retainedUntil: null, completed: false });
    const more = [...namespaces, { id: 'ns_01h455vb4pex5vsknk084sn02r', name: 'b' }] as const;
    const after = stepsNow(of, before, { ...empty, namespaces: more }, { retainedUntil: null, completed: false });
    const end = stepsNow(of, after, empty, { retainedUntil: null, completed: true });
    expect(after.find(({ name }) => name === 'DELETE_NAMESPACES')).toMatchObject({ done: 0, total: 2 });
    expect(end.every(({ status, done, total }) => status === 'DONE' && done === total)).toBe(true);
  });
});
