/** Issuers, API keys, service accounts and invitations → read models. */
import { apiKeyShown } from '@atoll/schema/credentials';
import type { IdentityEvent } from '@atoll/schema/tenancy/identity';
import { type Effect, instant, labelList, type Project, patch, purge, put, remove } from './effects.ts';

export const projectIdentity: Project<IdentityEvent> = (event, record): readonly Effect[] => {
  const at = instant(record.time);
  const { version } = record;
  switch (event.type) {
    case 'IssuerRegistered': {
      const { issuerId: id, tenantId: tenant_id, url, ...settings } = event.data;
      return [put('issuer', id, { id, tenant_id, url, ...issuerColumns(settings), created_at: at, version })];
    }
    case 'IssuerChanged': {
      const { issuerId: id, tenantId: _tenant, ...settings } = event.data;
      return [patch('issuer', id, { ...issuerColumns(settings), version })];
    }
    case 'IssuerRemoved':
      return [remove('issuer', event.data.issuerId)];

    case 'ApiKeyCreated': {
      const { apiKeyId: id, tenantId: tenant_id, name, subject, scopes, expiresAt, secretHash } = event.data;
      const times = { created_at: at, expires_at: expiresAt, revoked_at: null };
      return [
        put('api_key', id, { id, tenant_id, name, subject, prefix: apiKeyShown(id), scopes, ...times }),
        put('api_key_secret', id, { id, tenant_id, hash: secretHash }),
      ];
    }
    case 'ApiKeyRevoked': {
      const { apiKeyId: id } = event.data;
      return [patch('api_key', id, { revoked_at: at }), remove('api_key_secret', id)];
    }

    case 'ServiceAccountSecretRotated':
      return [patch('service_account_secret', event.data.serviceAccountId, { secrets: event.data.secrets })];
    case 'ServiceAccountDisabled':
      return [patch('service_account', event.data.serviceAccountId, { status: 'DISABLED' })];
    case 'ServiceAccountEnabled':
      return [patch('service_account', event.data.serviceAccountId, { status: 'ACTIVE' })];
    case 'ServiceAccountLabelsSet':
      return [patch('service_account', event.data.serviceAccountId, { labels: labelList(event.data.labels) })];
    case 'ServiceAccountDeleted': {
      const { serviceAccountId: id } = event.data;
      return [
        ...[remove('service_account', id), remove('service_account_secret', id)],
        ...[purge('role_binding', 'subject_id', id), purge('api_key', 'subject', id)],
      ];
    }

    case 'MemberInvited': {
      const { invitationId: id, tenantId: tenant_id, role, label, email, expiresAt } = event.data;
      const about = { role: role.toUpperCase(), label, email, status: 'OPEN', invited_by: record.actor };
      const times = { created_at: at, expires_at: expiresAt, ended_at: null };
      return [put('invitation', id, { id, tenant_id, ...about, ...times, member_id: null })];
    }
    case 'InvitationRevoked':
      return [patch('invitation', event.data.invitationId, { status: 'REVOKED', email: null, ended_at: at })];
    case 'InvitationAccepted': {
      const { invitationId, memberId: member_id } = event.data;
      return [patch('invitation', invitationId, { status: 'ACCEPTED', email: null, ended_at: at, member_id })];
    }
    default:
      return event satisfies never;
  }
};

type Settings = Omit<Extract<IdentityEvent, { type: 'IssuerChanged' }>['data'], 'tenantId' | 'issuerId'>;

/** Lists and objects as the API shows them: enums upper-case, keys in the SDL's order. */
const issuerColumns = ({ name, audience, algorithms, tokenTypes, claims, groupRoles }: Settings) => ({
  name,
  audience,
  algorithms,
  token_types: tokenTypes,
  claims: { subject: claims.subject, email: claims.email, name: claims.name, groups: claims.groups },
  group_roles: groupRoles.map(({ group, role }) => ({ group, role: role.toUpperCase() })),
});
