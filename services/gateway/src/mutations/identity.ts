/** Mutations of issuers, API keys, service accounts and invitations. */
import { createHash } from 'node:crypto';
import { formatSecret, parseSecret, type SecretKind, secretText } from '@atoll/schema/credentials';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, idKind, type Tenant } from '@atoll/schema/ids';
import { isPermission, permissionRegistry } from '@atoll/schema/permissions';
import { type Profile, subjectIn } from '../auth/identity.ts';
import type { Viewer } from '../auth/viewers.ts';
import { type Asking, type Keyed, mutation, type Order, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { askerOf, tenantOf, whichTenant } from './tenancy.ts';

interface OfTenant extends Keyed {
  readonly tenantId?: string | null;
}

interface ClaimsInput {
  readonly subject: string;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly groups?: string | null;
}
interface GroupRoleInput {
  readonly group: string;
  readonly role: string;
}
interface IssuerInput extends OfTenant {
  readonly name: string;
  readonly url: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly tokenTypes: string;
  readonly claims?: ClaimsInput | null;
  readonly groupRoles?: readonly GroupRoleInput[] | null;
}

const claimsOf = ({ subject, email, name, groups }: ClaimsInput) => ({
  ...{ subject, email: email ?? null, name: name ?? null, groups: groups ?? null },
});
const groupRolesOf = (given: readonly GroupRoleInput[]) =>
  given.map(({ group, role }) => ({ group, role: role.toLowerCase() }));

const registerIssuer = mutation<IssuerInput>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'RegisterIssuer',
  rows: { issuer: 'issuerId' },
  async order(
    { tenantId, name, url, audience, algorithms, tokenTypes, claims, groupRoles },
    { viewer, issuerProblem },
  ) {
    const tenant = whichTenant(viewer, tenantId, 'issuer');
    if (typeof tenant !== 'string') return tenant;
    const problem = await issuerProblem(tenant, url, audience);
    if (problem !== null) return reject('INVALID_ARGUMENT', `url: ${problem}`, 'url');
    const data = {
      ...{ name, url, audience, algorithms, tokenTypes, claims: claimsOf(claims ?? { subject: 'sub' }) },
      groupRoles: groupRolesOf(groupRoles ?? []),
    };
    return { tenant, data, expectedVersion: null };
  },
});

interface ChangeIssuerInput extends Partial<Omit<IssuerInput, 'url'>>, Versioned {
  readonly issuerId: string;
}

/** What is null stays as it is. */
const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

const changeIssuer = mutation<ChangeIssuerInput>({
  touches: 'tenant',
  wide: ['tenantId', 'issuerId'],
  context: 'tenancy',
  command: 'ChangeIssuer',
  rows: { issuer: 'issuerId' },
  order({ tenantId, issuerId, expectedVersion, claims, groupRoles, ...input }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'issuer');
    if (typeof tenant !== 'string') return tenant;
    const { name, audience, algorithms, tokenTypes } = input;
    const change = given({
      ...{ name, audience, algorithms, tokenTypes },
      claims: claims && claimsOf(claims),
      groupRoles: groupRoles && groupRolesOf(groupRoles),
    });
    return { tenant, data: { issuerId, ...change }, expectedVersion: expectedVersion ?? null };
  },
});

const about = <I extends OfTenant>(what: string, dataOf: (input: I) => Order['data']) =>
  function order(input: I, { viewer }: Asking): Order | Rejection {
    const tenant = whichTenant(viewer, input.tenantId, what);
    return typeof tenant === 'string' ? { tenant, data: dataOf(input), expectedVersion: null } : tenant;
  };

interface OfIssuer extends OfTenant {
  readonly issuerId: string;
}
const removeIssuer = mutation<OfIssuer>({
  touches: 'tenant',
  wide: ['tenantId', 'issuerId'],
  context: 'tenancy',
  command: 'RemoveIssuer',
  rows: {},
  order: about('issuer', ({ issuerId }) => ({ issuerId })),
});

/** Made from the request, so that its repetition shows the same secret, which is kept nowhere. */
function madeSecret(what: string, tenant: Tenant, { viewer, key, secretOf }: Asking) {
  const secret = secretText(Buffer.from(secretOf(what, tenant, ...askerOf(viewer), key), 'base64url'));
  return { secret, secretHash: createHash('sha256').update(secret).digest('hex') };
}

const shownOnce = <K extends SecretKind>(kind: K, id: unknown, secret: string): string | null =>
  typeof id === 'string' && idKind(id) === kind ? formatSecret(kind, id as Id<K>, secret) : null;

/** As instants are written: what is none stays as it is, to be refused. */
const instantOf = (text: string): string => (Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString());

interface CreateApiKeyInput extends Keyed {
  readonly name: string;
  readonly serviceAccountId?: string | null;
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: string | null;
}

function scopeProblem(viewer: Viewer, scopes: readonly string[]): Rejection | null {
  const at = scopes.findIndex((scope) => !isPermission(scope) || permissionRegistry[scope].level === 'platform');
  if (at < 0) return null;
  const example = [...viewer.permissions][0] ?? 'namespace:read';
  const text = `scopes.${at}: must be a permission of tenants, such as ${example}; viewer { permissions } lists yours`;
  return reject('INVALID_ARGUMENT', text, `scopes.${at}`);
}

const createApiKey = mutation<CreateApiKeyInput>({
  touches: 'tenant',
  wide: ['serviceAccountId'],
  context: 'tenancy',
  command: 'CreateApiKey',
  rows: { apiKey: 'apiKeyId' },
  renamed: { secretHash: '', subject: 'serviceAccountId' },
  order({ name, serviceAccountId, scopes, expiresAt }, asking) {
    const { viewer } = asking;
    if (viewer.credential.kind === 'apiKey') {
      return reject('ILLEGAL_STATE', 'An API key can create none, or it would outlive itself: use an access token.');
    }
    if (serviceAccountId != null && !viewer.permissions.has('apiKey:manage')) {
      const text = 'A key of a service account asks for the permission apiKey:manage, which your role does not have.';
      return reject('FORBIDDEN', text, 'serviceAccountId');
    }
    if (serviceAccountId != null && idKind(serviceAccountId) !== 'serviceAccount') {
      return reject('NOT_FOUND', 'There is no such service account.', 'serviceAccountId');
    }
    const problem = scopeProblem(viewer, scopes ?? []);
    if (problem) return problem;
    const tenant = tenantOf(viewer);
    const { secret, secretHash } = madeSecret('apiKey', tenant, asking);
    const data = {
      ...{ name, subject: serviceAccountId ?? viewer.subject, secretHash },
      ...{ scopes: scopes ? [...new Set(scopes)].sort() : null, expiresAt: expiresAt ? instantOf(expiresAt) : null },
    };
    const shown: Order['shown'] = ({ apiKeyId }) => ({ key: shownOnce('apiKey', apiKeyId, secret) });
    return { tenant, data, expectedVersion: null, shown };
  },
});

interface RevokeApiKeyInput extends Keyed {
  readonly apiKeyId: string;
}
const revokeApiKey = mutation<RevokeApiKeyInput>({
  touches: 'tenant',
  wide: ['apiKeyId'],
  context: 'tenancy',
  command: 'RevokeApiKey',
  rows: { apiKey: 'apiKeyId' },
  order({ apiKeyId }, { viewer }) {
    const owner = viewer.permissions.has('apiKey:manage') ? null : viewer.subject;
    return { tenant: tenantOf(viewer), data: { apiKeyId, owner }, expectedVersion: null };
  },
});

interface OfAccount extends OfTenant {
  readonly serviceAccountId: string;
}
interface RotateInput extends OfAccount {
  readonly overlapSeconds: number;
}
const rotateServiceAccountSecret = mutation<RotateInput>({
  touches: 'tenant',
  wide: ['tenantId', 'serviceAccountId'],
  context: 'tenancy',
  command: 'RotateServiceAccountSecret',
  rows: {},
  renamed: { secretHash: '' },
  order({ tenantId, serviceAccountId, overlapSeconds }, asking) {
    const tenant = whichTenant(asking.viewer, tenantId, 'service account');
    if (typeof tenant !== 'string') return tenant;
    const clientSecret = `ats_${madeSecret('rotate', tenant, asking).secret}`;
    const secretHash = createHash('sha256').update(clientSecret).digest('hex');
    const { tokenUrl } = asking;
    return {
      ...{ tenant, data: { serviceAccountId, secretHash, overlapSeconds }, expectedVersion: null },
      shown: ({ serviceAccountId: clientId }) => ({ clientId, clientSecret, tokenUrl }),
    };
  },
});

interface OfAccountLabels extends OfAccount {
  readonly labels: readonly LabelInput[];
}

const accountMutation = (command: string, rows: Readonly<Record<string, string>>) =>
  mutation<OfAccount>({
    touches: 'tenant',
    wide: ['tenantId', 'serviceAccountId'],
    ...{ context: 'tenancy', command, rows },
    order: about('service account', ({ serviceAccountId }) => ({ serviceAccountId })),
  });

const orderLabels = about('service account', ({ serviceAccountId, labels }: OfAccountLabels) => ({
  serviceAccountId,
  labels: labelMap(labels),
}));
const setServiceAccountLabels = mutation<OfAccountLabels>({
  touches: 'tenant',
  wide: ['tenantId', 'serviceAccountId'],
  ...{ context: 'tenancy', command: 'SetServiceAccountLabels', rows: { serviceAccount: 'serviceAccountId' } },
  keyed: { labels: 'key' },
  order: (input, asking) => labelRepetition(input.labels, 'labels') ?? orderLabels(input, asking),
});

interface InviteInput extends OfTenant {
  readonly role: string;
  readonly label?: string | null;
  readonly email?: string | null;
  readonly validSeconds: number;
}
const inviteMember = mutation<InviteInput>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'InviteMember',
  rows: { invitation: 'invitationId' },
  renamed: { secretHash: '' },
  order({ tenantId, role, label, email, validSeconds }, asking) {
    const tenant = whichTenant(asking.viewer, tenantId, 'invitation');
    if (typeof tenant !== 'string') return tenant;
    const { secret, secretHash } = madeSecret('invitation', tenant, asking);
    const data = { role: role.toLowerCase(), label: label ?? null, email: email ?? null, validSeconds, secretHash };
    const shown: Order['shown'] = ({ invitationId }) => ({ token: shownOnce('invitation', invitationId, secret) });
    return { tenant, data, expectedVersion: null, shown };
  },
});

interface OfInvitation extends OfTenant {
  readonly invitationId: string;
}
const revokeInvitation = mutation<OfInvitation>({
  touches: 'tenant',
  wide: ['tenantId', 'invitationId'],
  context: 'tenancy',
  command: 'RevokeInvitation',
  rows: { invitation: 'invitationId' },
  order: about('invitation', ({ invitationId }) => ({ invitationId })),
});

interface AcceptInput extends Keyed {
  readonly token: string;
}
const noInvitation = reject(
  'NOT_FOUND',
  'There is no such invitation for you: check that the token is whole and that you sign in by an issuer that the tenant accepts, or ask for a new one.',
  'token',
);
const noProfile: Profile = { displayName: null, email: null };

const acceptInvitation = mutation<AcceptInput>({
  touches: 'tenant',
  context: 'tenancy',
  command: 'AcceptInvitation',
  rows: {},
  renamed: { secretHash: 'token', invitationId: 'token' },
  async order({ token }, { viewer, tenantOfInvitation }) {
    const parsed = parseSecret('invitation', token.trim());
    if (!parsed.ok) return noInvitation;
    const tenant = await tenantOfInvitation(parsed.id);
    if (tenant === null) return noInvitation;
    const { credential } = viewer;
    const subject = subjectIn(credential, viewer.subject, tenant);
    // In the same words: whether the secret is right isn't known here, and a wrong one is not to tell what there is.
    if (subject === null || viewer.role === 'operator') return noInvitation;
    const profile = (credential.kind === 'issuerToken' ? credential.profiles.get(tenant) : null) ?? noProfile;
    const secretHash = createHash('sha256').update(parsed.secret).digest('hex');
    const data = { invitationId: parsed.id, secretHash, subject, ...profile };
    const shown: Order['shown'] = ({ tenantId, memberId, role }) => ({
      ...{ tenantId, memberId, role: typeof role === 'string' ? role.toUpperCase() : null },
    });
    return { tenant, subject, data, expectedVersion: null, shown };
  },
});

export const identityMutations = {
  ...{ registerIssuer, changeIssuer, removeIssuer },
  ...{ createApiKey, revokeApiKey },
  rotateServiceAccountSecret,
  disableServiceAccount: accountMutation('DisableServiceAccount', { serviceAccount: 'serviceAccountId' }),
  enableServiceAccount: accountMutation('EnableServiceAccount', { serviceAccount: 'serviceAccountId' }),
  setServiceAccountLabels,
  deleteServiceAccount: accountMutation('DeleteServiceAccount', {}),
  ...{ inviteMember, revokeInvitation, acceptInvitation },
};
