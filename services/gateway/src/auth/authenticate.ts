/** From what a request shows to who asks: the one way in, whichever the credential and the transport. */
import { apiKeyShown } from '@atoll/schema/credentials';
import { idKind, PLATFORM } from '@atoll/schema/ids';
import { decodeJwt } from 'jose';
import type { Client } from '../audit/client.ts';
import type { Credential as ToldCredential } from '../audit/entry.ts';
import type { SignIns } from '../audit/sign-ins.ts';
import { ApiError } from '../errors.ts';
import { type ApiKeys, isApiKey } from './api-keys.ts';
import type { Federated } from './federated.ts';
import type { Credential, Identity } from './identity.ts';
import { markOf, type ServiceAccount, type ServiceAccounts } from './service-accounts.ts';
import { bearerOf, refused, type Tokens } from './tokens.ts';
import type { Uses } from './uses.ts';
import { noMember } from './viewers.ts';

/** Names the tenant that is meant, for who belongs to several. */
export const tenantHeader = 'atoll-tenant';

export interface Shown {
  /** Value of the header. */
  readonly authorization: string | undefined;
  /** The tenant that the client names; it has to be one that the credential is for. */
  readonly tenant: string | undefined;
  readonly client: Client;
  readonly correlation: string;
}

export interface Authenticator {
  /**
   * Throws UNAUTHENTICATED, TOKEN_EXPIRED or FORBIDDEN; UNAVAILABLE where it can't be known now. The first use of a key
   * or of an issuer's token is recorded before it is believed.
   */
  authenticate(shown: Shown): Promise<Identity>;
  /** The same for a connection that is open, quietly: it is no new sign-in. */
  still(shown: Pick<Shown, 'authorization' | 'tenant'>): Promise<Identity>;
}

const maxSeen = 10_000;

/** Unverified: it only says who is to verify. */
function issuerOf(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

export function createAuthenticator(needs: {
  issuerUrl: string;
  tokens: Tokens;
  apiKeys: ApiKeys;
  federated: Federated;
  accounts: ServiceAccounts;
  uses: Uses;
  signIns: SignIns;
}): Authenticator {
  const { issuerUrl, tokens, apiKeys, federated, accounts, uses, signIns } = needs;
  /** Credentials that this gateway has seen, by what they are and no secret of theirs. */
  const seen = new Set<string>();

  /** Of a service account, whether it may act, whatever it shows. Null where it is somebody else. */
  async function activeAccount(identity: Identity): Promise<ServiceAccount | null> {
    if (identity.kind !== 'tenant' || idKind(identity.subject) !== 'serviceAccount') return null;
    const account = await accounts.get(identity.subject);
    if (!account || account.tenant !== identity.tenant) throw noMember();
    if (!account.active) throw new ApiError('FORBIDDEN', 'The service account is disabled: an admin can enable it.');
    return account;
  }

  async function ofPlatform(token: string): Promise<Identity> {
    const { identity, mark } = await tokens.verify(token);
    const account = await activeAccount(identity);
    if (identity.kind !== 'tenant' || account === null) return identity;
    if (mark !== null && !account.hashes(Date.now()).some((hash) => markOf(hash) === mark)) {
      throw refused('The secret that the access token was got with has been replaced.');
    }
    uses.used(identity.subject, identity.tenant);
    return identity;
  }

  async function identify(bearer: string, tenant: string | undefined): Promise<Identity> {
    if (isApiKey(bearer)) {
      const identity = await apiKeys.verify(bearer);
      await activeAccount(identity);
      if (identity.credential.kind === 'apiKey') uses.used(identity.credential.apiKeyId, identity.tenant);
      return identity;
    }
    if (!federated.knows(bearer)) {
      const iss = tokens.knows(bearer) ? issuerUrl : issuerOf(bearer);
      if (iss === null || iss === issuerUrl) return await ofPlatform(bearer);
    }
    return await federated.verify(bearer, tenant ?? null);
  }

  async function still({ authorization, tenant }: Pick<Shown, 'authorization' | 'tenant'>): Promise<Identity> {
    const bearer = bearerOf(authorization);
    const identity = await identify(bearer, tenant);
    if (tenant !== undefined && identity.kind === 'tenant' && identity.tenant !== tenant) throw noMember();
    return identity;
  }

  return {
    still,
    async authenticate(shown) {
      const identity = await still(shown);
      const credential = toldCredential(identity.credential);
      const key = seenKey(identity);
      if (credential === null || seen.has(key)) return identity;
      const { client, correlation } = shown;
      const scope = identity.kind === 'operator' ? PLATFORM : identity.tenant;
      await signIns.signedIn({ scope, subject: identity.subject, credential, client, correlation });
      if (seen.size >= maxSeen) seen.clear();
      seen.add(key);
      return identity;
    },
  };
}

/** As the log tells it; null for what is no sign-in of its own: a service account's token is recorded where it is got. */
export function toldCredential(credential: Credential): ToldCredential | null {
  switch (credential.kind) {
    case 'platformToken':
      return null;
    case 'issuerToken':
      return { kind: 'token', issuer: credential.issuerId, id: null };
    case 'apiKey':
      return { kind: 'apiKey', issuer: null, id: apiKeyShown(credential.apiKeyId) };
    default:
      return credential satisfies never;
  }
}

const seenKey = ({ credential, subject, expiresAt }: Identity): string =>
  credential.kind === 'apiKey' ? credential.apiKeyId : `${credential.kind} ${subject} ${expiresAt}`;
