/** The token endpoint: client credentials of service accounts for access tokens (RFC 6749, section 4.4). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { idKind, PLATFORM } from '@atoll/schema/ids';
import type { Client } from '../audit/client.ts';
import type { SignIn } from '../audit/entry.ts';
import type { SignIns } from '../audit/sign-ins.ts';
import type { Issuer } from './issuer.ts';
import { markOf, type ServiceAccounts } from './service-accounts.ts';

export const tokenPath = '/oauth/token';
const lifetimeSeconds = 3600;

export interface TokenRequest {
  readonly authorization: string | undefined;
  /** The form's fields; null where the body is no form. */
  readonly form: URLSearchParams | null;
  readonly client: Client;
  readonly correlation: string;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const problem = (status: number, error: string, error_description: string): TokenAnswer => ({
  status,
  body: { error, error_description },
});

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Both halves are form-encoded before they are put together (RFC 6749, section 2.3.1). */
function basic(authorization: string): Credentials | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(authorization) ?? [];
  if (encoded === undefined) return null;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (id === undefined || secret === undefined) return null;
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
  try {
    return { clientId: decode(id), clientSecret: decode(secret) };
  } catch {
    return null;
  }
}

function credentialsOf({ authorization, form }: TokenRequest): Credentials | null {
  if (authorization !== undefined) return basic(authorization);
  const clientId = form?.get('client_id');
  const clientSecret = form?.get('client_secret');
  return clientId && clientSecret ? { clientId, clientSecret } : null;
}

const signInOf = ({ client, correlation }: TokenRequest, scope: string, account: string | null): SignIn => ({
  ...{ scope, client, correlation, subject: account },
  credential: { kind: 'clientCredentials', issuer: null, id: account },
});

const sha256 = (text: string) => createHash('sha256').update(text).digest();
/** Compared against where there is no account, so that the time tells nothing of which there are. */
const nobody = sha256('');
const isSame = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);

export function createTokenEndpoint(options: { issuer: Issuer; accounts: ServiceAccounts; signIns: SignIns }) {
  const { issuer, accounts, signIns } = options;
  return async (request: TokenRequest): Promise<TokenAnswer> => {
    if (request.form === null) {
      return problem(400, 'invalid_request', 'The body must be application/x-www-form-urlencoded.');
    }
    const grant = request.form.get('grant_type');
    if (grant !== 'client_credentials') {
      return grant === null
        ? problem(400, 'invalid_request', 'grant_type is missing: it must be client_credentials.')
        : problem(400, 'unsupported_grant_type', 'grant_type must be client_credentials.');
    }
    const credentials = credentialsOf(request);
    const refused = problem(401, 'invalid_client', 'There is no service account with this id and secret.');
    if (credentials === null) return refused;
    const { clientId, clientSecret } = credentials;
    const account = idKind(clientId) === 'serviceAccount' ? await accounts.get(clientId) : null;
    const given = sha256(clientSecret);
    // All are compared, and one where there is no account: the time tells nothing.
    const good = (account?.hashes(Date.now()) ?? []).filter((hash) => isSame(Buffer.from(hash, 'hex'), given));
    if (good.length === 0) isSame(nobody, given);
    const [hash] = good;
    if (!account?.active || hash === undefined) {
      // In the log of the account's tenant; what names no account is the platform's to know.
      const scope = account?.tenant ?? PLATFORM;
      await signIns.signInRefused(signInOf(request, scope, account ? clientId : null), 'UNAUTHENTICATED');
      return refused;
    }
    await signIns.signedIn(signInOf(request, account.tenant, clientId));
    const token = await issuer.sign({ subject: clientId, tenant: account.tenant, mark: markOf(hash) }, lifetimeSeconds);
    return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: lifetimeSeconds } };
  };
}
