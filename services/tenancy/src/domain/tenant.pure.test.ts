import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type TenantEvent, tenant } from './tenant.ts';

const tenantId = 'ten_01h455vb4pex5vsknk084sn02q';
const memberId = 'mem_01h455vb4pex5vsknk084sn02q';
const serviceAccountId = 'sa_01h455vb4pex5vsknk084sn02q';
const secretHash = 'a'.repeat(64);
const created: TenantEvent = { type: 'TenantCreated', data: { tenantId, name: 'acme', limits: defaultLimits } };
const create = { kind: 'create', tenantId, name: 'acme', limits: defaultLimits, requestKey: 'k', members: [] } as const;

describe('a tenant', () => {
  it('is created with its members, its name and its mark of existence', () => {
    const member = { memberId, subject: 'ada', role: 'admin' } as const;
    expect(given(tenant, []).when({ ...create, members: [member] })).toEqual({
      ok: true,
      events: [created, { type: 'MemberAdded', data: { tenantId, ...member } }],
      claims: [
        { op: 'take', kind: 'unique', set: 'tenant-request', key: 'k', owner: tenantId },
        { op: 'take', kind: 'unique', set: 'tenant-name', key: 'acme', owner: tenantId },
        { op: 'take', kind: 'unique', set: 'tenant', key: tenantId, owner: tenantId },
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

  it('gets a service account, whose name is unique in it', () => {
    const account = { serviceAccountId, name: 'ci', role: 'admin', secretHash } as const;
    expect(given(tenant, [created]).when({ kind: 'createServiceAccount', ...account })).toEqual({
      ok: true,
      events: [{ type: 'ServiceAccountCreated', data: { tenantId, ...account } }],
      claims: [
        { op: 'require', set: 'tenant', key: tenantId },
        { op: 'take', kind: 'unique', set: 'service-account-name', key: `${tenantId}/ci`, owner: serviceAccountId },
      ],
    });
  });

  it('that is missing gets no service account', () => {
    const account = { serviceAccountId, name: 'ci', role: 'admin', secretHash } as const;
    expect(given(tenant, []).when({ kind: 'createServiceAccount', ...account })).toMatchObject({
      ok: false,
      rejection: { code: 'NOT_FOUND' },
    });
  });
});
