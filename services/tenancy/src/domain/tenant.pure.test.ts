import { given } from '@atoll/events/given';
import { DEFAULT_PLAN } from '@atoll/schema/tenancy/plans';
import { describe, expect, it } from 'vitest';
import { MAX_MEMBERS } from './access.ts';
import { useCapability } from './capability-use.ts';
import { requireStaying } from './claims.ts';
import { defaultLimits, type TenantEvent, tenant } from './tenant.ts';

const tenantId = 'ten_01h455vb4pex5vsknk084sn02q';
const by = { kind: 'platform' } as const;
const memberId = 'mem_01h455vb4pex5vsknk084sn02q';
const serviceAccountId = 'sa_01h455vb4pex5vsknk084sn02q';
const secretHash = 'a'.repeat(64);
const created: TenantEvent = { type: 'TenantCreated', data: { tenantId, name: 'acme', limits: defaultLimits } };
const added = (member: { subject: string; role: 'admin' | 'viewer' }, person = { displayName: null, email: null }) =>
  ({ type: 'MemberAdded', data: { tenantId, memberId, ...member, ...person } }) as const;
const create = {
  ...({ kind: 'create', tenantId, name: 'acme', limits: defaultLimits, requestKey: 'k' } as const),
  ...{ planId: DEFAULT_PLAN, members: [] },
};

/** One that is to be deleted is neither suspended nor resumed. */
const staying = requireStaying(tenantId, 'suspension');

describe('a tenant', () => {
  it('is created with its members, its name and its mark of existence', () => {
    const member = { memberId, subject: 'ada', role: 'admin' } as const;
    expect(given(tenant, []).when({ ...create, members: [member] })).toEqual({
      ok: true,
      events: [created, added(member)],
      claims: [
        { op: 'take', kind: 'unique', set: 'tenant-request', key: 'k', owner: tenantId },
        { op: 'take', kind: 'unique', set: 'tenant-name', key: 'acme', owner: tenantId },
        { op: 'take', kind: 'unique', set: 'tenant', key: tenantId, owner: tenantId },
        { op: 'require', set: 'plan-offered', key: DEFAULT_PLAN },
        { op: 'take', kind: 'unique', set: 'plan-chosen', key: tenantId, owner: DEFAULT_PLAN },
      ],
    });
  });

  it('refuses a person who is named twice, and says which', () => {
    const ada = { memberId, subject: 'ada', role: 'admin' } as const;
    const bob = { memberId, subject: 'bob', role: 'viewer' } as const;
    expect(given(tenant, []).when({ ...create, members: [ada, bob, ada] })).toMatchObject({
      ok: false,
      rejection: { code: 'INVALID_ARGUMENT', field: 'members.2.subject' },
    });
  });

  it('is created once', () => {
    expect(given(tenant, [created]).when(create)).toMatchObject({ ok: false, rejection: { code: 'ILLEGAL_STATE' } });
  });

  it('gets a member once, with what is said of them in the event and nowhere else', () => {
    const ann = {
      memberId,
      subject: 'ann',
      role: 'viewer',
      displayName: 'Ann Arbor',
      email: 'ann@acme.example',
    } as const;
    const decided = given(tenant, [created]).when({ kind: 'addMember', by, ...ann });
    expect(decided).toEqual({
      ok: true,
      events: [{ type: 'MemberAdded', data: { tenantId, ...ann } }],
      claims: [{ op: 'require', set: 'tenant', key: tenantId }],
    });
    const state = [created, { type: 'MemberAdded', data: { tenantId, ...ann } } as const].reduce(
      tenant.evolve,
      tenant.initial,
    );
    expect(JSON.stringify(state)).not.toMatch(/Arbor|acme.example/);
    expect(tenant.decide(state, { kind: 'addMember', by, ...ann })).toMatchObject({
      ok: false,
      rejection: { code: 'ILLEGAL_STATE', field: 'subject' },
    });
    expect(given(tenant, []).when({ kind: 'addMember', by, ...ann })).toMatchObject({
      rejection: { code: 'NOT_FOUND' },
    });
  });

  it('has a bounded number of members', () => {
    const many = Array.from({ length: MAX_MEMBERS }, (_, n) => added({ subject: `s-${n}`, role: 'viewer' }));
    const one = { memberId, subject: 'ann', role: 'viewer', displayName: null, email: null } as const;
    expect(given(tenant, [created, ...many]).when({ kind: 'addMember', by, ...one })).toMatchObject({
      rejection: { code: 'QUOTA_EXCEEDED' },
    });
  });

  it('has the personal data of a member erased with the fact of it, once; the membership stays', () => {
    const ann = added({ subject: 'ann', role: 'viewer' });
    const erased = { type: 'PersonalDataErased', data: { tenantId, memberId, subject: 'ann' } } as const;
    const erase = { kind: 'erasePersonalData', subject: 'ann' } as const;
    expect(given(tenant, [created, ann]).when(erase)).toEqual({
      ...{ ok: true, events: [erased], claims: [] },
      erases: ['ann'],
    });
    expect(given(tenant, [created, ann, erased]).when(erase)).toEqual({ ok: true, events: [], claims: [] });
    expect(given(tenant, [created]).when(erase)).toMatchObject({
      rejection: { code: 'NOT_FOUND', field: 'subject' },
    });
    expect(
      given(tenant, [created, ann, erased]).when({
        ...{ kind: 'addMember', by, memberId, subject: 'ann', role: 'viewer' },
        ...{ displayName: null, email: null },
      }),
    ).toMatchObject({ rejection: { code: 'ILLEGAL_STATE' } });
  });

  it('gets a service account, whose name is unique in it', () => {
    const account = { serviceAccountId, name: 'ci', role: 'admin', secretHash } as const;
    expect(given(tenant, [created]).when({ kind: 'createServiceAccount', by, ...account })).toEqual({
      ok: true,
      events: [{ type: 'ServiceAccountCreated', data: { tenantId, ...account } }],
      claims: [
        { op: 'require', set: 'tenant', key: tenantId },
        useCapability(tenantId, 'serviceAccounts', serviceAccountId),
        { op: 'take', kind: 'unique', set: 'service-account-name', key: `${tenantId}/ci`, owner: serviceAccountId },
      ],
    });
  });

  it('that is missing gets no service account', () => {
    const account = { serviceAccountId, name: 'ci', role: 'admin', secretHash } as const;
    expect(given(tenant, []).when({ kind: 'createServiceAccount', by, ...account })).toMatchObject({
      ok: false,
      rejection: { code: 'NOT_FOUND' },
    });
  });

  const suspended: TenantEvent = { type: 'TenantSuspended', data: { tenantId, reason: 'unpaid' } };
  const resumed: TenantEvent = { type: 'TenantResumed', data: { tenantId } };
  const mark = { kind: 'unique', set: 'tenant', key: tenantId, owner: tenantId } as const;
  const suspend = { kind: 'suspend', reason: 'unpaid' } as const;

  it('that is suspended loses the mark that everything created underneath needs', () => {
    expect(given(tenant, [created]).when(suspend)).toEqual({
      ok: true,
      events: [suspended],
      claims: [...staying, { op: 'release', ...mark }],
    });
  });

  it('that is resumed has it again', () => {
    expect(given(tenant, [created, suspended]).when({ kind: 'resume' })).toEqual({
      ok: true,
      events: [resumed],
      claims: [...staying, { op: 'take', ...mark }],
    });
  });

  it.each([
    ['suspended twice', [created, suspended], { kind: 'suspend', reason: 'another' }],
    ['resumed while it is active', [created], { kind: 'resume' }],
    ['resumed twice', [created, suspended, resumed], { kind: 'resume' }],
  ] as const)('%s stays as it is', (_what, events, command) => {
    expect(given(tenant, events).when(command)).toEqual({ ok: true, events: [], claims: [] });
  });

  it('that is suspended gets no service account, and is told why', () => {
    const account = { serviceAccountId, name: 'ci', role: 'admin', secretHash } as const;
    expect(given(tenant, [created, suspended]).when({ kind: 'createServiceAccount', by, ...account })).toMatchObject({
      ok: false,
      rejection: { code: 'TENANT_SUSPENDED', message: expect.stringContaining('unpaid') },
    });
  });

  it.each([suspend, { kind: 'resume' }] as const)('that is missing is neither suspended nor resumed', (command) => {
    expect(given(tenant, []).when(command)).toMatchObject({ ok: false, rejection: { code: 'NOT_FOUND' } });
  });
});
