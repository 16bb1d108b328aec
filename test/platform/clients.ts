/** Clients of a running platform, by who they are. */
import { randomBytes } from 'node:crypto';
import { type Atoll, createAtoll } from '@atoll/sdk/client';
import type { TenantLimitsInput } from '@atoll/sdk/generated/operations';
import type { Tenant } from '@atoll/sdk/generated/resources';
import type { ClientCredentials } from '@atoll/sdk/options';
import type { Ready } from './ready.ts';

export const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;

export const clientOf = (ready: Ready, token: string): Atoll =>
  createAtoll({ url: ready.graphqlUrl, subscriptionsUrl: ready.subscriptionsUrl, token });

export const operatorOf = (ready: Ready): Atoll => clientOf(ready, ready.tokens.operator);

/** Of the seeded tenants. */
export function seeded(ready: Ready, index: number) {
  const tenant = ready.tokens.tenants[index];
  if (tenant === undefined) throw new Error(`ready.json has no tenant ${index}`);
  const { id, name, ...tokens } = tenant;
  const of = (token: string) => clientOf(ready, token);
  const { owner, admin, developer, viewer } = tokens;
  return { id, name, owner: of(owner), admin: of(admin), developer: of(developer), viewer: of(viewer) };
}

export interface OwnTenant {
  readonly tenant: Tenant;
  readonly credentials: ClientCredentials;
  readonly admin: Atoll;
}

/** A tenant of the test's own, and its admin. */
export async function newTenant(ready: Ready, limits?: TenantLimitsInput): Promise<OwnTenant> {
  const operator = operatorOf(ready);
  const { tenant } = await operator.mutate.createTenant({ name: unique('tenant'), limits: limits ?? null });
  const credentials = await operator.mutate.createServiceAccount({ tenantId: tenant.id, name: 'admin', role: 'ADMIN' });
  return { tenant, credentials, admin: withCredentials(ready, credentials) };
}

/** The platform may have another port than when the credentials were handed out. */
export function withCredentials(ready: Ready, credentials: ClientCredentials): Atoll {
  const { graphqlUrl: url, subscriptionsUrl } = ready;
  const tokenUrl = new URL(new URL(credentials.tokenUrl).pathname, url).href;
  return createAtoll({ url, subscriptionsUrl, clientCredentials: { ...credentials, tokenUrl } });
}

/** An access token for those who speak HTTP by themselves. */
export async function tokenOf(ready: Ready, { clientId, clientSecret, tokenUrl }: ClientCredentials): Promise<string> {
  const response = await fetch(new URL(new URL(tokenUrl).pathname, ready.graphqlUrl), {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  });
  const grant = (await response.json()) as { readonly access_token: string };
  return grant.access_token;
}
