/**
 * Who may say who somebody is, and the credentials that the platform itself hands out. Streams: `issuer:<id>`,
 * `apiKey:<id>`, `serviceAccount:<id>` (from its first change on; that it was created stands in its tenant's),
 * `invitation:<id>`.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { tenantRoleNames } from '../permissions.ts';
import { personal } from '../personal.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { displayName, email } from './person.ts';

/** All of them asymmetric: with a shared secret whoever checks a token could also make one. */
export const issuerAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
] as const;
export const tokenTypes = ['ACCESS_TOKEN', 'ANY_JWT'] as const;

export const MAX_GROUP_ROLES = 50;

/** Compared to the letter with `iss`, so there is one spelling: as the issuer's own discovery document has it. */
export const issuerUrl = z
  .string()
  .max(500)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const secure = url?.protocol === 'https:' || url?.protocol === 'http:';
    return url !== null && secure && url.username === '' && url.password === '' && !/[?#\s]/.test(text);
  }, 'must be the https URL that stands in `iss` of its tokens, without user, query and fragment');

const claimName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\x21-\x7e]+$/, 'must be the name of a claim');

export const issuerClaims = z.strictObject({
  subject: claimName.describe('Claim that names the person, for good.'),
  email: claimName.nullable().describe('Claim with the address, taken over when an invitation is accepted.'),
  name: claimName.nullable().describe('Claim with what people call them, taken over likewise.'),
  groups: claimName.nullable().describe('Claim with a list of groups.'),
});
export type IssuerClaims = z.infer<typeof issuerClaims>;

/** Never owner: who owns a tenant is said in the tenant, not by whoever administers its directory. */
export const groupRole = z.strictObject({
  group: z.string().min(1).max(200).describe('A value of the groups claim.'),
  role: z.enum(tenantRoleNames).exclude(['owner']).describe('The role that it gives to those who are no members.'),
});

export const issuerSettings = z.strictObject({
  name: name.describe('What the tenant calls it.'),
  audience: z
    .string()
    .min(1)
    .max(300)
    .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces')
    .describe('What must be in the `aud` of its tokens.'),
  algorithms: z.array(z.enum(issuerAlgorithms)).min(1).max(issuerAlgorithms.length).describe('Those it may sign with.'),
  tokenTypes: z.enum(tokenTypes).describe('Access tokens by RFC 9068 alone, or any JWT of the audience.'),
  claims: issuerClaims.describe('Which claims say what.'),
  groupRoles: z.array(groupRole).max(MAX_GROUP_ROLES).describe('Roles of groups, the first that fits.'),
});
export type IssuerSettings = z.infer<typeof issuerSettings>;

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const instantText = z.iso.datetime({ precision: 3 });

const ofIssuer = { tenantId: id('tenant'), issuerId: id('issuer') };
const ofKey = { tenantId: id('tenant'), apiKeyId: id('apiKey') };
const ofAccount = { tenantId: id('tenant'), serviceAccountId: id('serviceAccount') };
const ofInvitation = { tenantId: id('tenant'), invitationId: id('invitation') };
const invitedRole = z.enum(tenantRoleNames).describe('The role of the member that it makes.');

export const identityEvents = {
  IssuerRegistered: {
    doc: 'Tokens of this issuer for this audience are accepted for the tenant from now on.',
    stream: 'issuer',
    version: 1,
    // That it is a URL is asked of the command: a shape that is kept says what JSON Schema can say.
    data: z.strictObject({
      ...ofIssuer,
      url: z.string().min(1).max(500).describe('The `iss` of its tokens; its discovery document is below it.'),
      ...issuerSettings.shape,
    }),
  },
  IssuerChanged: {
    doc: 'Other tokens of the issuer are accepted, or they mean something else. All settings as they are now.',
    stream: 'issuer',
    version: 1,
    data: z.strictObject({ ...ofIssuer, ...issuerSettings.shape }),
  },
  IssuerRemoved: {
    doc: 'No token of the issuer is accepted for the tenant any more.',
    stream: 'issuer',
    version: 1,
    data: z.strictObject(ofIssuer),
  },

  ApiKeyCreated: {
    doc: 'A key may act for its owner, within its scopes.',
    stream: 'apiKey',
    version: 1,
    data: z.strictObject({
      ...ofKey,
      name,
      subject: z.string().min(1).max(255).describe('Its owner: a `sub`, or the id of a service account.'),
      scopes: z
        .array(z.string().min(1).max(100))
        .max(200)
        .nullable()
        .describe('Permissions that it is restricted to; null: all that its owner has.'),
      expiresAt: instantText.nullable().describe('When it ends by itself; null: never.'),
      secretHash: sha256Hex.describe('SHA-256, in hex, of its secret of 256 random bits, which is kept nowhere.'),
    }),
  },
  ApiKeyRevoked: {
    doc: 'The key opens nothing any more.',
    stream: 'apiKey',
    version: 1,
    data: z.strictObject({ ...ofKey, subject: z.string().min(1).max(255).describe('Its owner.') }),
  },

  ServiceAccountSecretRotated: {
    doc: 'The service account has another secret; the one before is good until it expires.',
    stream: 'serviceAccount',
    version: 1,
    data: z.strictObject({
      ...ofAccount,
      secrets: z
        .array(
          z.strictObject({
            hash: sha256Hex.describe('SHA-256, in hex, of the secret.'),
            expiresAt: instantText.nullable().describe('Until when it is good; null: until it is rotated.'),
          }),
        )
        .min(1)
        .max(2)
        .describe('All secrets that are good now, the newest first.'),
    }),
  },
  ServiceAccountDisabled: {
    doc: 'The service account may do nothing, until it is enabled again.',
    stream: 'serviceAccount',
    version: 1,
    data: z.strictObject(ofAccount),
  },
  ServiceAccountEnabled: {
    doc: 'The service account may act again.',
    stream: 'serviceAccount',
    version: 1,
    data: z.strictObject(ofAccount),
  },
  ServiceAccountLabelsSet: {
    doc: 'The service account has these labels from now on, and no others.',
    stream: 'serviceAccount',
    version: 1,
    data: z.strictObject({ ...ofAccount, labels: labels.meta({ description: 'All of its labels, by key.' }) }),
  },
  ServiceAccountDeleted: {
    doc: 'The service account is gone for good, with its secrets and keys; its name is free again.',
    stream: 'serviceAccount',
    version: 1,
    data: z.strictObject(ofAccount),
  },

  MemberInvited: {
    doc: 'Whoever has the secret of the invitation may become a member, once, until it expires.',
    stream: 'invitation',
    version: 1,
    data: z.strictObject({
      ...ofInvitation,
      role: invitedRole,
      label: z.string().max(200).nullable().describe('What the inviter calls it; no personal data belongs in it.'),
      email: personal(email, 'invitationId').describe('Whom it is for.'),
      expiresAt: instantText.describe('Until when it can be accepted.'),
      secretHash: sha256Hex.describe('SHA-256, in hex, of its secret of 256 random bits, which is kept nowhere.'),
    }),
  },
  InvitationRevoked: {
    doc: 'The invitation can be accepted no more; the address that it was for is unreadable from now on.',
    stream: 'invitation',
    version: 1,
    data: z.strictObject(ofInvitation),
  },
  InvitationAccepted: {
    doc: 'Somebody has accepted the invitation, and becomes a member; the address that it was for is unreadable.',
    stream: 'invitation',
    version: 1,
    data: z.strictObject({
      ...ofInvitation,
      memberId: id('member'),
      subject: z.string().min(1).max(255).describe('Who they are, as their member will say.'),
      role: invitedRole,
      displayName: personal(displayName, 'subject').describe('What people call them, as their token says.'),
      email: personal(email, 'subject').describe('Where they can be reached, as their token says.'),
    }),
  },
} as const;

export type IdentityEvent = EventsOf<typeof identityEvents>;

/** For whoever handles them in a place of their own, or not at all. */
export const isIdentityEvent = <E extends { readonly type: string }>(
  event: E,
): event is Extract<E, { readonly type: IdentityEvent['type'] }> => Object.hasOwn(identityEvents, event.type);
