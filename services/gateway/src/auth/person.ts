/** What the claims of a foreign token say, by the mapping of the tenant that accepts it. Pure. */
import { createHash } from 'node:crypto';
import type { BuiltInRole } from '@atoll/schema/permissions';
import { displayName, email } from '@atoll/schema/tenancy/person';
import type { JWTPayload } from 'jose';
import type { Profile } from './identity.ts';
import type { Registration } from './registrations.ts';

const maxGroups = 500;

/**
 * `<issuer's id>:<its subject>`: so what two issuers call alike stays two, and no issuer can name a member of another
 * one. What isn't short and plain, or is an address, which couldn't be erased from what the person does, is told by its
 * hash. Null where the claim names nobody.
 */
export function subjectOf({ id, claims }: Pick<Registration, 'id' | 'claims'>, payload: JWTPayload): string | null {
  const value = payload[claims.subject];
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > 2000) return null;
  const plain = /^[\x21-\x3f\x41-\x7d]{1,200}$/.test(text);
  return `${id}:${plain ? text : `~${createHash('sha256').update(text).digest('base64url')}`}`;
}

export function profileOf({ claims }: Pick<Registration, 'claims'>, payload: JWTPayload): Profile {
  const named = claims.name === null ? null : displayName.safeParse(payload[claims.name]);
  const address = claims.email === null ? null : email.safeParse(payload[claims.email]);
  const verified = payload.email_verified !== false && payload.email_verified !== 'false';
  return {
    displayName: named?.success ? named.data : null,
    email: address?.success && verified ? address.data : null,
  };
}

/** The role of the first group that has one. */
export function groupRoleOf(
  { claims, groupRoles }: Pick<Registration, 'claims' | 'groupRoles'>,
  payload: JWTPayload,
): BuiltInRole | null {
  const value = claims.groups === null ? [] : payload[claims.groups];
  if (!Array.isArray(value)) return null;
  const groups = new Set(value.slice(0, maxGroups));
  // Who owns a tenant is said in the tenant.
  return groupRoles.find(({ group, role }) => role !== 'owner' && groups.has(group))?.role ?? null;
}
