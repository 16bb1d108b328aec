/** The local issuer: OpenID Connect with browser login for the users of this home. */
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import type { Pool } from 'pg';
import { apiAudience, apiResource, cliClient, type LoginFile, portalClient } from './config.ts';
import { createAdapter } from './store.ts';

const algorithm = 'ES256';
const hour = 3600;
const day = 24 * hour;

export function createProvider(url: string, file: LoginFile, pool: Pool): Provider {
  const users = new Map(file.users.map((user) => [user.login, user]));
  const origins = new Set(file.redirectUris.map((uri) => new URL(uri).origin));
  const publicClient = { token_endpoint_auth_method: 'none', id_token_signed_response_alg: algorithm } as const;

  const configuration: Configuration = {
    adapter: createAdapter(pool, file.secret),
    jwks: { keys: file.keys as JWK[] },
    cookies: { keys: [file.secret] },
    clients: [
      {
        ...{ ...publicClient, client_id: portalClient, client_name: 'Atoll portal', application_type: 'web' },
        redirect_uris: file.redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      {
        ...{ ...publicClient, client_id: cliClient, client_name: 'Atoll command line', application_type: 'native' },
        // The port is the program's own (RFC 8252, 7.3).
        redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => apiResource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          ...{ scope: 'api', audience: apiAudience, accessTokenTTL: hour, accessTokenFormat: 'jwt' },
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    async findAccount(_context, id) {
      const user = users.get(id);
      if (!user) return undefined;
      const { name, email } = user;
      return { accountId: id, claims: async () => ({ sub: id, name, email }) };
    },
    /** What the platform takes over when an invitation is accepted. */
    extraTokenClaims(_context, token) {
      const user = 'accountId' in token && typeof token.accountId === 'string' ? users.get(token.accountId) : undefined;
      return user && { name: user.name, email: user.email };
    },
    /** The clients are the platform's own: who logs in to it isn't asked whether it may know. */
    async loadExistingGrant(context) {
      const { client, session, provider } = context.oidc;
      if (!client || !session?.accountId) return undefined;
      const grantId = session.grantIdFor(client.clientId);
      const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
      if (known) return known;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email offline_access');
      grant.addResourceScope(apiResource, 'api');
      await grant.save();
      return grant;
    },
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    clientBasedCORS: (_context, origin) => origins.has(origin),
    ttl: {
      ...{ AccessToken: hour, AuthorizationCode: 60, IdToken: hour, DeviceCode: 600, Interaction: hour },
      ...{ RefreshToken: 14 * day, Session: 14 * day, Grant: 14 * day },
    },
    renderError(context, out) {
      context.type = 'text';
      context.body = `${out.error}: ${out.error_description ?? ''}`;
    },
  };
  return new Provider(url, configuration);
}
