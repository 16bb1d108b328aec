/** Issuers, API keys, service accounts and invitations, as the tenancy service decides them. */
import { createHash } from 'node:crypto';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let h: Harness;
let acme: Id<'tenant'>;
let globex: Id<'tenant'>;
beforeAll(async () => {
  h = await startHarness();
  const create = async (name: string) => {
    const members = [
      { subject: 'ada', role: 'owner' },
      { subject: 'max', role: 'admin' },
    ];
    return resultOf(await h.call('CreateTenant', { name, members }, { tenant: 'platform' })).tenantId as Id<'tenant'>;
  };
  acme = await create('acme');
  globex = await create('globex');
});
afterAll(() => h.stop());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const issuer = (change: object = {}) => ({
  ...{ name: 'own', url: 'https://login.example.com', audience: 'atoll', algorithms: ['RS256'] },
  ...{ tokenTypes: 'ACCESS_TOKEN', claims: { subject: 'sub', email: null, name: null, groups: null }, groupRoles: [] },
  ...change,
});
const messageOf = (reply: Awaited<ReturnType<Harness['call']>>) => (reply.ok ? '' : reply.error.message);

describe('an issuer', () => {
  it('is registered once for an audience in a tenant, by another tenant as well, and is free again when it is removed', async () => {
    const { issuerId } = resultOf(await h.call('RegisterIssuer', issuer(), { tenant: acme }));
    expect(codeOf(await h.call('RegisterIssuer', issuer({ name: 'again' }), { tenant: acme }))).toBe('NAME_TAKEN');
    expect(codeOf(await h.call('RegisterIssuer', issuer(), { tenant: globex }))).toBe('OK');
    expect(codeOf(await h.call('RegisterIssuer', issuer({ audience: 'other' }), { tenant: acme }))).toBe('OK');
    expect(codeOf(await h.call('ChangeIssuer', { issuerId, audience: 'other' }, { tenant: acme }))).toBe('NAME_TAKEN');
    expect(codeOf(await h.call('RemoveIssuer', { issuerId }, { tenant: acme }))).toBe('OK');
    expect(codeOf(await h.call('RegisterIssuer', issuer(), { tenant: acme }))).toBe('OK');
  });

  it('of another tenant is one that is not there', async () => {
    const { issuerId } = resultOf(await h.call('RegisterIssuer', issuer({ audience: 'mine' }), { tenant: acme }));
    for (const [command, data] of [
      ['ChangeIssuer', { name: 'x' }],
      ['RemoveIssuer', {}],
    ] as const) {
      const theirs = await h.call(command, { issuerId, ...data }, { tenant: globex });
      const nobodys = await h.call(command, { issuerId: newId('issuer'), ...data }, { tenant: globex });
      expect(theirs).toEqual(nobodys);
      expect(codeOf(theirs)).toBe('NOT_FOUND');
    }
  });

  it('keeps the claim that says who somebody is, gives no owner, and no role without a claim for groups', async () => {
    const { issuerId } = resultOf(await h.call('RegisterIssuer', issuer({ audience: 'kept' }), { tenant: acme }));
    const claims = { subject: 'nickname', email: null, name: null, groups: null };
    expect(messageOf(await h.call('ChangeIssuer', { issuerId, claims }, { tenant: acme }))).toMatch(/claims\.subject/);
    const roles = (role: string) => [{ group: 'ops', role }];
    expect(codeOf(await h.call('ChangeIssuer', { issuerId, groupRoles: roles('owner') }, { tenant: acme }))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(
      messageOf(await h.call('ChangeIssuer', { issuerId, groupRoles: roles('viewer') }, { tenant: acme })),
    ).toMatch(/claims\.groups/);
    for (const bad of [
      { url: 'ftp://x.example' },
      { url: 'https://user:pw@x.example' },
      { url: 'https://x.example?q' },
      { algorithms: ['HS256'] },
      { algorithms: ['none'] },
      { algorithms: [] },
      { name: 'x'.repeat(10_000) },
    ]) {
      expect(codeOf(await h.call('RegisterIssuer', issuer({ audience: 'bad', ...bad }), { tenant: acme }))).toBe(
        'INVALID_ARGUMENT',
      );
    }
  });
});

describe('which tokens of an issuer are believed', () => {
  const claims = { subject: 'sub', email: null, name: null, groups: 'groups' };
  const changes = [
    { claims: { ...claims, groups: 'nickname' } },
    { audience: 'of-another-program' },
    { algorithms: ['ES256'] },
    { tokenTypes: 'ANY_JWT' },
    { groupRoles: [{ group: 'everybody', role: 'admin' }] },
  ];
  const asOf = (subject: string, only?: string[]) => ({
    tenant: acme,
    actor: `user:${subject}`,
    ...(only && { only }),
  });

  it('is changed by nobody who has less than its groups get', async () => {
    const groupRoles = [{ group: 'ops', role: 'admin' }];
    const registered = issuer({ audience: 'groups', claims, groupRoles });
    const { issuerId } = resultOf(await h.call('RegisterIssuer', registered, { tenant: acme }));
    for (const change of changes) {
      const reply = await h.call('ChangeIssuer', { issuerId, ...change }, asOf('max', ['issuer:write']));
      expect(codeOf(reply), JSON.stringify(change)).toBe('GRANT_EXCEEDS_OWN');
    }
    const renamed = await h.call('ChangeIssuer', { issuerId, name: 'renamed' }, asOf('max', ['issuer:write']));
    expect(codeOf(renamed)).toBe('OK');
    expect(codeOf(await h.call('ChangeIssuer', { issuerId, ...changes[0] }, asOf('max')))).toBe('OK');
  });

  it('is changed by nobody who has less than its members', async () => {
    const { issuerId } = resultOf(
      await h.call('RegisterIssuer', issuer({ audience: 'members', claims }), { tenant: acme }),
    );
    const boss = { subject: `${issuerId}:boss`, role: 'owner', displayName: null, email: null };
    resultOf(await h.call('AddMember', boss, { tenant: acme }));
    for (const change of [{ audience: 'admins-own-program' }, { tokenTypes: 'ANY_JWT' }]) {
      expect(codeOf(await h.call('ChangeIssuer', { issuerId, ...change }, asOf('max')))).toBe('GRANT_EXCEEDS_OWN');
      expect(codeOf(await h.call('ChangeIssuer', { issuerId, ...change }, asOf('ada')))).toBe('OK');
    }
  });
});

describe('an API key', () => {
  const key = (change: object = {}) => ({
    ...{ name: 'ci', subject: 'ada', scopes: null, expiresAt: null, secretHash: sha256('x') },
    ...change,
  });

  it('is created and revoked by its tenant; of its own by its owner', async () => {
    const { apiKeyId } = resultOf(await h.call('CreateApiKey', key(), { tenant: acme }));
    const theirs = await h.call('RevokeApiKey', { apiKeyId, owner: null }, { tenant: globex });
    expect(theirs).toEqual(
      await h.call('RevokeApiKey', { apiKeyId: newId('apiKey'), owner: null }, { tenant: globex }),
    );
    expect(codeOf(await h.call('RevokeApiKey', { apiKeyId, owner: 'max' }, { tenant: acme }))).toBe('NOT_FOUND');
    expect(codeOf(await h.call('RevokeApiKey', { apiKeyId, owner: 'ada' }, { tenant: acme }))).toBe('OK');
    expect(codeOf(await h.call('RevokeApiKey', { apiKeyId, owner: null }, { tenant: acme }))).toBe('OK');
  });

  it('of a service account asks for one that is there; one that has ended is refused before it begins', async () => {
    const nobody = key({ subject: newId('serviceAccount') });
    expect(codeOf(await h.call('CreateApiKey', nobody, { tenant: acme }))).toBe('NOT_FOUND');
    const past = key({ expiresAt: '2020-01-01T00:00:00.000Z' });
    expect(messageOf(await h.call('CreateApiKey', past, { tenant: acme }))).toMatch(/in the future/);
  });

  it('of fifty at once for the last place one is created', async () => {
    const many = await Promise.all(
      Array.from({ length: 60 }, () => h.call('CreateApiKey', key({ subject: 'busy' }), { tenant: acme })),
    );
    expect(many.filter((reply) => reply.ok)).toHaveLength(50);
    expect(new Set(many.map(codeOf))).toEqual(new Set(['OK', 'QUOTA_EXCEEDED']));
  });
});

describe('a service account', () => {
  const create = async (tenant: Id<'tenant'>, name: string, role = 'viewer') =>
    resultOf(await h.call('CreateServiceAccount', { name, role, secretHash: sha256(name) }, { tenant }))
      .serviceAccountId;

  it('gets another secret, is disabled, enabled and deleted, and leaves its name', async () => {
    const serviceAccountId = await create(acme, 'robot');
    const rotate = { serviceAccountId, secretHash: sha256('next'), overlapSeconds: 60 };
    expect(codeOf(await h.call('RotateServiceAccountSecret', rotate, { tenant: acme }))).toBe('OK');
    const rotated = await eventOf('ServiceAccountSecretRotated');
    expect(rotated.secrets).toEqual([
      { hash: sha256('next'), expiresAt: null },
      { hash: sha256('robot'), expiresAt: expect.any(String) },
    ]);
    for (const command of ['DisableServiceAccount', 'EnableServiceAccount', 'DeleteServiceAccount'] as const) {
      expect(codeOf(await h.call(command, { serviceAccountId }, { tenant: acme }))).toBe('OK');
    }
    expect(codeOf(await h.call('EnableServiceAccount', { serviceAccountId }, { tenant: acme }))).toBe('NOT_FOUND');
    await create(acme, 'robot');
  });

  it('has the labels that are set, until it is gone', async () => {
    const serviceAccountId = await create(acme, 'labelled');
    const set = (labels: object, of: string | undefined = serviceAccountId, tenant = acme) =>
      h.call('SetServiceAccountLabels', { serviceAccountId: of, labels }, { tenant });
    for (const labels of [{ team: 'blue' }, { team: 'blue' }, {}]) expect(codeOf(await set(labels))).toBe('OK');
    const events = await h.store.readStream(`serviceAccount:${serviceAccountId}`);
    expect(events.map(({ data }) => (data as { labels: object }).labels)).toEqual([{ team: 'blue' }, {}]);
    expect(codeOf(await set({ 'no key': 'x' }))).toBe('INVALID_ARGUMENT');
    const theirs = await set({ team: 'red' }, serviceAccountId, globex);
    expect(theirs).toEqual(await set({ team: 'red' }, newId('serviceAccount'), globex));
    expect(codeOf(theirs)).toBe('NOT_FOUND');
    expect(codeOf(await h.call('DeleteServiceAccount', { serviceAccountId }, { tenant: acme }))).toBe('OK');
    expect(codeOf(await set({ team: 'red' }))).toBe('NOT_FOUND');
  });

  it('of another tenant is one that is not there', async () => {
    const serviceAccountId = await create(acme, 'mine');
    for (const command of ['DisableServiceAccount', 'EnableServiceAccount', 'DeleteServiceAccount'] as const) {
      const theirs = await h.call(command, { serviceAccountId }, { tenant: globex });
      expect(theirs).toEqual(await h.call(command, { serviceAccountId: newId('serviceAccount') }, { tenant: globex }));
      expect(codeOf(theirs)).toBe('NOT_FOUND');
    }
  });

  it('with more than one has oneself gives nobody its credentials', async () => {
    const serviceAccountId = await create(acme, 'boss', 'owner');
    const rotate = { serviceAccountId, secretHash: sha256('z'), overlapSeconds: 0 };
    const asMax = { tenant: acme, actor: 'user:max' } as const;
    expect(codeOf(await h.call('RotateServiceAccountSecret', rotate, asMax))).toBe('GRANT_EXCEEDS_OWN');
    const key = { name: 'k', subject: serviceAccountId, scopes: null, expiresAt: null, secretHash: sha256('k') };
    expect(codeOf(await h.call('CreateApiKey', key, asMax))).toBe('GRANT_EXCEEDS_OWN');
    expect(codeOf(await h.call('RotateServiceAccountSecret', rotate, { tenant: acme }))).toBe('OK');
  });

  it('that is an owner is shut out by owners alone', async () => {
    const serviceAccountId = await create(acme, 'captain', 'owner');
    const boss = await create(acme, 'chief', 'owner');
    const asMax = { tenant: acme, actor: 'user:max' } as const;
    for (const command of ['DisableServiceAccount', 'DeleteServiceAccount'] as const) {
      expect(codeOf(await h.call(command, { serviceAccountId }, asMax))).toBe('FORBIDDEN');
    }
    const asChief = { tenant: acme, actor: `user:${boss}` } as const;
    for (const command of ['DisableServiceAccount', 'DeleteServiceAccount'] as const) {
      expect(codeOf(await h.call(command, { serviceAccountId }, asChief))).toBe('OK');
    }
    const robot = await create(acme, 'mate', 'developer');
    expect(codeOf(await h.call('DeleteServiceAccount', { serviceAccountId: robot }, asMax))).toBe('OK');
  });

  it('gets no credentials by a key of its own that may do less than it may itself', async () => {
    const serviceAccountId = await create(acme, 'narrow', 'admin');
    const rotate = { serviceAccountId, secretHash: sha256('n'), overlapSeconds: 60 };
    const itself = { tenant: acme, actor: `user:${serviceAccountId}` };
    const byKey = { ...itself, only: ['serviceAccount:write'] };
    expect(codeOf(await h.call('RotateServiceAccountSecret', rotate, byKey))).toBe('GRANT_EXCEEDS_OWN');
    expect(codeOf(await h.call('RotateServiceAccountSecret', rotate, itself))).toBe('OK');
  });

  it('becomes no member: what it may do is what its account says', async () => {
    const serviceAccountId = await create(acme, 'no-member');
    const person = { subject: serviceAccountId, role: 'owner', displayName: null, email: null };
    expect(codeOf(await h.call('AddMember', person, { tenant: acme }))).toBe('INVALID_ARGUMENT');
    const data = { role: 'owner', label: null, email: null, validSeconds: 3600, secretHash: sha256('sa') };
    const { invitationId } = resultOf(await h.call('InviteMember', data, { tenant: acme }));
    const accepting = { invitationId, secretHash: sha256('sa'), displayName: null, email: null };
    const asked = { tenant: acme, actor: `user:${serviceAccountId}` };
    const refused = await h.call('AcceptInvitation', { ...accepting, subject: serviceAccountId }, asked);
    expect(codeOf(refused)).toBe('ILLEGAL_STATE');
    // And the invitation is still good.
    expect(codeOf(await h.call('AcceptInvitation', { ...accepting, subject: 'invited' }, { tenant: acme }))).toBe('OK');
  });
});

/** The newest event of a type. */
async function eventOf(type: string): Promise<Record<string, unknown>> {
  const { rows } = await h.pool.query('select data from tenancy.event where type = $1 order by position desc limit 1', [
    type,
  ]);
  return rows[0]?.data;
}

describe('an invitation', () => {
  let made = 0;
  const invite = async (change: object = {}, tenant = acme) => {
    made += 1;
    const secret = `secret-${made}`;
    const data = {
      role: 'viewer',
      label: null,
      email: null,
      validSeconds: 3600,
      secretHash: sha256(secret),
      ...change,
    };
    const { invitationId } = resultOf(await h.call('InviteMember', data, { tenant }));
    return { invitationId, secretHash: sha256(secret) };
  };
  const accept = (
    { invitationId, secretHash }: { invitationId: string | undefined; secretHash: string },
    subject: string,
    tenant = acme,
    key?: string,
  ) =>
    h.call(
      'AcceptInvitation',
      { invitationId, secretHash, subject, displayName: 'New One', email: 'new@example.com' },
      { tenant, ...(key && { key }) },
    );

  it('makes one member, once, however many accept it at the same time', async () => {
    const open = await invite({ email: 'guest@example.com', role: 'developer' });
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => accept(open, `guest-${n}`)));
    expect(replies.filter((reply) => reply.ok)).toHaveLength(1);
    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK', 'INVITATION_USED']));
    const [won] = replies.filter((reply) => reply.ok);
    expect(won).toMatchObject({ result: { tenantId: acme, role: 'developer' } });
    const { rows } = await h.pool.query(
      `select count(*)::int as n from tenancy.event where type = 'MemberAdded' and data ->> 'subject' like 'guest-%'`,
    );
    expect(rows[0].n).toBe(1);
  });

  it('is answered the same again under its key, and as used under another one', async () => {
    const open = await invite();
    const first = await accept(open, 'repeater', acme, 'accept-1');
    expect(await accept(open, 'repeater', acme, 'accept-1')).toEqual(first);
    expect(codeOf(await accept(open, 'repeater', acme, 'accept-2'))).toBe('INVITATION_USED');
  });

  it('that is revoked or over says so to whoever has it; to others there is none', async () => {
    const revoked = await invite();
    expect(codeOf(await h.call('RevokeInvitation', { invitationId: revoked.invitationId }, { tenant: globex }))).toBe(
      'NOT_FOUND',
    );
    expect(codeOf(await h.call('RevokeInvitation', { invitationId: revoked.invitationId }, { tenant: acme }))).toBe(
      'OK',
    );
    expect(codeOf(await accept(revoked, 'late'))).toBe('INVITATION_REVOKED');
    const wrong = await accept({ ...revoked, secretHash: sha256('guess') }, 'late');
    const never = await accept({ invitationId: newId('invitation'), secretHash: sha256('guess') }, 'late');
    const foreign = await accept(revoked, 'late', globex);
    expect([wrong, foreign]).toEqual([never, never]);
    const accepted = await invite();
    await accept(accepted, 'quick');
    const late = await h.call('RevokeInvitation', { invitationId: accepted.invitationId }, { tenant: acme });
    expect(codeOf(late)).toBe('INVITATION_USED');
  });

  it('is for who is no member yet, and stays open where it was refused', async () => {
    const open = await invite();
    expect(codeOf(await accept(open, 'ada'))).toBe('ILLEGAL_STATE');
    expect(codeOf(await accept(open, 'somebody'))).toBe('OK');
  });

  it('gives no more than the inviter has', async () => {
    const data = { role: 'owner', label: null, email: null, validSeconds: 3600, secretHash: sha256('o') };
    expect(codeOf(await h.call('InviteMember', data, { tenant: acme, actor: 'user:max' }))).toBe('GRANT_EXCEEDS_OWN');
    expect(codeOf(await h.call('InviteMember', data, { tenant: acme }))).toBe('OK');
    expect(codeOf(await h.call('InviteMember', { ...data, validSeconds: 5 }, { tenant: acme }))).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('gives nothing any more that the inviter has not any more', async () => {
    const person = { subject: 'leaver', role: 'admin', displayName: null, email: null };
    const { memberId } = resultOf(await h.call('AddMember', person, { tenant: acme }));
    const sent = async (role: string) => {
      made += 1;
      const about = { role, label: null, email: null, validSeconds: 3600, secretHash: sha256(`secret-${made}`) };
      const asked = { tenant: acme, actor: 'user:leaver' };
      const { invitationId } = resultOf(await h.call('InviteMember', about, asked));
      return { invitationId, secretHash: about.secretHash };
    };
    const [high, low, early] = [await sent('admin'), await sent('viewer'), await sent('admin')];
    const first = await accept(early, 'early', acme, 'early');
    expect(codeOf(first)).toBe('OK');
    resultOf(await h.call('ChangeMemberRole', { memberId, role: 'viewer' }, { tenant: acme }));
    expect(codeOf(await accept(high, 'late-admin'))).toBe('INVITATION_REVOKED');
    expect(codeOf(await accept({ ...high, secretHash: sha256('guess') }, 'late-admin'))).toBe('NOT_FOUND');
    resultOf(await h.call('RemoveMember', { memberId }, { tenant: acme }));
    expect(codeOf(await accept(low, 'leaver'))).toBe('INVITATION_REVOKED');
    expect(await accept(early, 'early', acme, 'early')).toEqual(first);
  });

  it('that was accepted by a process that died then and there still makes its member', async () => {
    const invitationId = newId('invitation');
    const memberId = newId('member');
    const accepted = { tenantId: acme, invitationId, memberId, subject: 'orphan', role: 'viewer' };
    await h.store.append({
      ...{ stream: `invitation:${invitationId}`, expected: { kind: 'none' }, claims: [] },
      events: [{ type: 'InvitationAccepted', data: { ...accepted, displayName: 'Or Phan', email: null } }],
      origin: { tenant: acme, actor: 'user:orphan', cause: null, correlation: 'crash', traceparent: null },
    });
    const deadline = Date.now() + 25_000;
    const members = async () => {
      const { rows } = await h.pool.query(
        `select cause from tenancy.event where type = 'MemberAdded' and data ->> 'memberId' = $1`,
        [memberId],
      );
      return rows;
    };
    while ((await members()).length === 0 && Date.now() < deadline) await new Promise((go) => setTimeout(go, 10));
    expect(await members()).toEqual([{ cause: expect.stringMatching(/^evt_/) }]);
  });

  it('has its address in no table in clear, and its key goes with the invitation', async () => {
    const open = await invite({ email: 'private@example.com' });
    const texts = async () => {
      const { rows } = await h.pool.query('select data::text as text from tenancy.event');
      return rows.map(({ text }) => text).join('\n');
    };
    expect(await texts()).not.toContain('private@');
    const liveKeys = async () => {
      const { rows } = await h.pool.query(
        'select count(*)::int as n from tenancy.subject_key where subject = $1 and wrapped is not null',
        [open.invitationId],
      );
      return rows[0].n;
    };
    expect(await liveKeys()).toBe(1);
    await h.call('RevokeInvitation', { invitationId: open.invitationId }, { tenant: acme });
    expect(await liveKeys()).toBe(0);
  });
});
