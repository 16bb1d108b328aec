/** The story of issuers, keys, service accounts and invitations, for the golden streams. */
import type { createRecorder } from '@atoll/events/testing/record-golden';
import { goldenId } from '@atoll/events/testing/record-golden';
import { apiKey, apiKeyStream } from '../src/domain/api-key.ts';
import { invitation, invitationStream } from '../src/domain/invitation.ts';
import { issuer, issuerStream } from '../src/domain/issuer.ts';
import { serviceAccount, serviceAccountStream } from '../src/domain/service-account.ts';

const secretHash = '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8';
const now = Date.parse('2026-11-23T09:00:00.000Z');
const later = '2027-11-23T09:00:00.000Z';

export function recordIdentity(run: ReturnType<typeof createRecorder>['run']): void {
  const tenantId = goldenId('tenant', 1);
  const by = { tenant: tenantId, actor: 'user:ann' };

  const issuerId = goldenId('issuer', 1);
  const ofIssuer = { ...by, stream: issuerStream(issuerId) };
  run(issuer, ofIssuer, {
    ...{ kind: 'register', tenantId, issuerId, url: 'https://login.example.com' },
    settings: {
      ...{ name: 'company', audience: 'atoll', algorithms: ['RS256', 'EdDSA'], tokenTypes: 'ACCESS_TOKEN' },
      claims: { subject: 'sub', email: 'email', name: null, groups: 'groups' },
      groupRoles: [{ group: 'staff', role: 'developer' }],
    },
  });
  run(issuer, ofIssuer, { kind: 'change', change: { tokenTypes: 'ANY_JWT', groupRoles: [] } });
  run(issuer, ofIssuer, { kind: 'remove' });

  const apiKeyId = goldenId('apiKey', 1);
  const ofKey = { ...by, stream: apiKeyStream(apiKeyId) };
  const scopes = ['deployment:read', 'deployment:write'];
  const data = { tenantId, apiKeyId, name: 'ci', subject: 'ann@acme.example', scopes, expiresAt: later, secretHash };
  run(apiKey, ofKey, { kind: 'create', data, now });
  run(apiKey, ofKey, { kind: 'revoke', owner: null });

  const serviceAccountId = goldenId('serviceAccount', 1);
  const account = { tenantId, serviceAccountId, created: { name: 'pipeline', secretHash } };
  const ofAccount = { ...by, stream: serviceAccountStream(serviceAccountId) };
  run(serviceAccount, ofAccount, { ...account, kind: 'rotate', secretHash, overlapMs: 60_000, now });
  run(serviceAccount, ofAccount, { ...account, kind: 'disable' });
  run(serviceAccount, ofAccount, { ...account, kind: 'enable' });
  run(serviceAccount, ofAccount, { ...account, kind: 'delete' });

  // What is personal stands sealed in a log, with keys that no file has: here, nothing.
  for (const number of [1, 2]) {
    const invitationId = goldenId('invitation', number);
    const ofInvitation = { ...by, stream: invitationStream(invitationId) };
    const asked = { tenantId, invitationId, role: 'viewer', label: 'web team', email: null, secretHash } as const;
    run(invitation, ofInvitation, { kind: 'invite', data: { ...asked, expiresAt: later } });
    if (number === 1) run(invitation, ofInvitation, { kind: 'revoke' });
    else {
      const person = { memberId: goldenId('member', 9), subject: 'guest-9', displayName: null, email: null };
      run(invitation, ofInvitation, { kind: 'accept', secretHash, ...person, now });
    }
  }
}
