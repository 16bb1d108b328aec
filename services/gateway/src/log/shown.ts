/**
 * How much of a record a viewer is told. Whoever may follow the log sees that there was something, so that cursors have no
 * gaps; what it says of people, credentials and requests is for those who may read these where they are kept.
 */
import type { Permission } from '@atoll/schema/permissions';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { Viewer } from '../auth/viewers.ts';
import { type LogRow, within } from './read.ts';

const everybody = 'event:read';

/** What the data of an event needs beside `event:read`, itself where that is enough. */
const dataOf: Readonly<Record<TenancyEvent['type'], Permission>> = {
  TenantCreated: everybody,
  TenantLabelsSet: everybody,
  TenantSuspended: everybody,
  TenantResumed: everybody,
  TenantDeleted: everybody,
  MemberAdded: 'member:read',
  MemberRoleChanged: 'member:read',
  MemberRemoved: 'member:read',
  PersonalDataErased: 'member:read',
  RoleCreated: 'role:read',
  RoleChanged: 'role:read',
  RoleDeleted: 'role:read',
  RoleBound: 'binding:read',
  RoleUnbound: 'binding:read',
  ServiceAccountCreated: 'serviceAccount:read',
  ServiceAccountSecretRotated: 'serviceAccount:read',
  ServiceAccountDisabled: 'serviceAccount:read',
  ServiceAccountEnabled: 'serviceAccount:read',
  ServiceAccountLabelsSet: 'serviceAccount:read',
  ServiceAccountDeleted: 'serviceAccount:read',
  IssuerRegistered: 'issuer:read',
  IssuerChanged: 'issuer:read',
  IssuerRemoved: 'issuer:read',
  ApiKeyCreated: 'apiKey:read',
  ApiKeyRevoked: 'apiKey:read',
  MemberInvited: 'invitation:read',
  InvitationRevoked: 'invitation:read',
  InvitationAccepted: 'invitation:read',
  EnvironmentCreated: everybody,
  EnvironmentChanged: everybody,
  EnvironmentLabelsSet: everybody,
  EnvironmentDeleted: everybody,
  ImageRulesSet: everybody,
  PromotionSet: everybody,
  PlanCreated: everybody,
  PlanChanged: everybody,
  PlanRetired: everybody,
  EntitlementsChanged: everybody,
  NamespaceCreated: everybody,
  NamespaceLabelsSet: everybody,
  NamespaceDeletionRequested: everybody,
  NamespaceDeleted: everybody,
  QuotaSet: everybody,
  QuotaReserved: everybody,
  QuotaCommitted: everybody,
  QuotaReservationEnded: everybody,
  QuotaDifferenceFound: everybody,
  QuotaDifferenceEnded: everybody,
  DeletionStarted: everybody,
  DeletionCancelled: everybody,
  DeletionPurgeStarted: everybody,
  DeletionProgressed: everybody,
  DeletionAccessRemoved: everybody,
  DeletionCompleted: everybody,
  DeletionProtectionChanged: everybody,
  LegalHoldChanged: everybody,
};
const byType: ReadonlyMap<string, Permission> = new Map(
  Object.entries(dataOf).map(([type, permission]) => [`tenancy.${type}`, permission]),
);

export function shownTo(viewer: Viewer, row: LogRow): LogRow {
  const needs = row.type.startsWith('audit.') ? 'audit:read' : (byType.get(row.type) ?? everybody);
  return within(row, viewer.access.reach(needs)) ? row : { ...row, data: {} };
}
