/** What can be asked about issuers, API keys, service accounts and invitations. All are sent under the tenant. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { tenantRoleNames } from '../permissions.ts';
import { labels, name } from '../text.ts';
import { instantText, issuerSettings, issuerUrl, sha256Hex } from './identity.ts';
import { displayName, email, memberSubject } from './person.ts';

const issuer = z.strictObject({ issuerId: id('issuer') });
const account = z.strictObject({ serviceAccountId: id('serviceAccount') });
const key = z.strictObject({ apiKeyId: id('apiKey') });
const invitation = z.strictObject({ invitationId: id('invitation') });

/** Within this a rotated secret stays good: 30 days at most, in seconds. */
export const MAX_OVERLAP_SECONDS = 30 * 86_400;
/** An invitation can be accepted for so long, in seconds. */
export const MAX_INVITATION_SECONDS = 30 * 86_400;

export const identityCommands = {
  RegisterIssuer: { input: z.strictObject({ url: issuerUrl, ...issuerSettings.shape }), result: issuer },
  /** What is left out stays as it is. The URL stays: its subjects belong to it. */
  ChangeIssuer: { input: z.strictObject({ ...issuer.shape, ...issuerSettings.partial().shape }), result: issuer },
  RemoveIssuer: { input: issuer, result: issuer },

  /** The owner is a member's subject or a service account's id. */
  CreateApiKey: {
    input: z.strictObject({
      name,
      subject: z.string().min(1).max(255),
      scopes: z.array(z.string().min(1).max(100)).min(1).max(200).nullable(),
      expiresAt: instantText.nullable(),
      secretHash: sha256Hex,
    }),
    result: key,
  },
  /** Where `owner` is given, only a key of that subject. */
  RevokeApiKey: { input: z.strictObject({ ...key.shape, owner: z.string().nullable() }), result: key },

  RotateServiceAccountSecret: {
    input: z.strictObject({
      ...account.shape,
      secretHash: sha256Hex,
      overlapSeconds: z
        .number()
        .int()
        .min(0, 'must be 0 seconds or more')
        .max(MAX_OVERLAP_SECONDS, `must be at most ${MAX_OVERLAP_SECONDS} seconds (30 days)`),
    }),
    result: account,
  },
  DisableServiceAccount: { input: account, result: account },
  EnableServiceAccount: { input: account, result: account },
  /** All of its labels: what isn't among them goes. */
  SetServiceAccountLabels: { input: account.extend({ labels }), result: account },
  DeleteServiceAccount: { input: account, result: account },

  InviteMember: {
    input: z.strictObject({
      role: z.enum(tenantRoleNames),
      label: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .regex(/^\P{Cc}*$/u, 'must be text without control characters')
        .nullable(),
      email: email.nullable(),
      validSeconds: z
        .number()
        .int()
        .min(60, 'must be 60 seconds or more')
        .max(MAX_INVITATION_SECONDS, `must be at most ${MAX_INVITATION_SECONDS} seconds (30 days)`),
      secretHash: sha256Hex,
    }),
    result: invitation,
  },
  RevokeInvitation: { input: invitation, result: invitation },
  /** By whoever has the secret. `displayName` and `email` are what their token says of them. */
  AcceptInvitation: {
    input: z.strictObject({
      ...invitation.shape,
      secretHash: sha256Hex,
      subject: memberSubject,
      displayName: displayName.nullable(),
      email: email.nullable(),
    }),
    result: z.strictObject({ tenantId: id('tenant'), memberId: id('member'), role: z.enum(tenantRoleNames) }),
  },
} as const;
