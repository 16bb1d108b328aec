/**
 * What drives the platform for the search: each makes secrets as clients do, uses them well and badly (in the wrong field,
 * behind the wrong scheme, cut short, after they were revoked: it is refusals and errors that leak), and answers what nobody
 * may find afterwards.
 *
 * Something new that is secret gets a maker here: an entry of `makers`, and no more.
 */
import { createAtoll } from '@atoll/sdk/client';
import { type OwnTenant, operatorOf, tokenOf, unique } from '../platform/clients.ts';
import type { Platform } from '../platform/platform.ts';
import { type Secret, signatureOf } from './secret.ts';

export interface Bed {
  readonly platform: Platform;
  /** A tenant for all makers, with its admin. */
  readonly own: OwnTenant;
}

export interface SecretMaker {
  /** What it makes, for people. */
  readonly what: string;
  make(bed: Bed): Promise<readonly Secret[]>;
}

/** Whatever it is answered: it was sent. */
const attempt = (url: string, init: RequestInit): Promise<unknown> =>
  fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }).then((response) => response.text());

/** Sends a secret to every place of the API that takes a text which it isn't for. */
export async function misplace(platform: Platform, secret: string, token: string): Promise<void> {
  const { graphqlUrl } = platform.ready;
  const json = { 'content-type': 'application/json' };
  const ask = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    attempt(graphqlUrl, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${token}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const query = '{ viewer { __typename } }';
  for (const scheme of ['Bearer ', 'Basic ', 'Token ', 'bearer', '']) {
    await ask({ query }, { authorization: `${scheme}${secret}` });
  }
  await attempt(`${graphqlUrl}?access_token=${encodeURIComponent(secret)}`, { method: 'GET' });
  await attempt(`${graphqlUrl}?query=${encodeURIComponent(query)}&token=${encodeURIComponent(secret)}`, {
    headers: json,
  });
  await attempt(new URL(`/${encodeURIComponent(secret)}`, graphqlUrl).href, {});
  await ask({ query, variables: { secret } });
  await ask({ query: `query ($id: ID!) { node(id: $id) { __typename } }`, variables: { id: secret } });
  await ask({ query: `{ ${secret} }` });
  await ask({ query, operationName: secret });
  await ask(`{"query": "${secret}`);
  await ask(
    { query },
    { traceparent: secret, cookie: `session=${secret}`, 'x-api-key': secret, 'atoll-position': secret },
  );
}

const clientSecret: SecretMaker = {
  what: 'the client secret of a service account, and the tokens it is exchanged for',
  async make({ platform, own: { tenant, credentials } }) {
    const { ready } = platform;
    const token = await tokenOf(ready, credentials);
    const { clientId, clientSecret } = credentials;
    const url = new URL('/oauth/token', ready.graphqlUrl).href;
    const form = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      attempt(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
    const both = { client_id: clientId, client_secret: clientSecret };
    await form({ grant_type: 'password', ...both });
    await form({ ...both });
    await form({ grant_type: 'client_credentials', client_id: clientSecret, client_secret: clientId });
    await form({ grant_type: 'client_credentials', ...both, client_id: 'sa_01h455vb4pex5vsknk084sn02q' });
    await form({ grant_type: 'client_credentials' }, { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` });
    await form({ grant_type: 'client_credentials' }, { authorization: `Basic ${clientId}:${clientSecret}` });
    await attempt(`${url}?client_secret=${encodeURIComponent(clientSecret)}`, { method: 'POST' });
    await attempt(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(both) });
    // One that is made twice under one key is answered from what is stored, which isn't the secret.
    const operator = operatorOf(ready);
    const again = { tenantId: tenant.id, name: unique('ci'), role: 'VIEWER', idempotencyKey: unique('key') } as const;
    const made = await operator.mutate.createServiceAccount(again);
    await operator.mutate.createServiceAccount(again).catch(() => {});
    await misplace(platform, clientSecret, token);
    return [
      { name: 'client secret', value: clientSecret },
      { name: 'client secret made under a key', value: made.clientSecret },
      { name: 'access token', value: signatureOf(token) },
    ];
  },
};

const strayTokens: SecretMaker = {
  what: 'tokens in places that they are not for, on HTTP and on a WebSocket',
  async make({ platform, own: { credentials } }) {
    const { ready } = platform;
    const token = await tokenOf(ready, credentials);
    await misplace(platform, token, token);
    // One that isn't taken any more, since its end is cut off.
    const broken = createAtoll({
      url: ready.graphqlUrl,
      subscriptionsUrl: ready.subscriptionsUrl,
      token: token.slice(0, -4),
    });
    await broken.query.tenant().catch(() => {});
    const socket = new WebSocket(`${ready.subscriptionsUrl}?token=${token}`, 'graphql-transport-ws');
    await new Promise<void>((resolve) => {
      socket.onopen = () => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: { token, authorization: [token] } }));
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: `subscription { ${token} }` } }));
      };
      socket.onclose = () => resolve();
      socket.onerror = () => resolve();
      setTimeout(() => socket.close(), 1000);
    });
    return [{ name: 'stray token', value: signatureOf(token) }];
  },
};

/** What follows the public part of a key or a token of an invitation. */
const secretPart = (key: string | null): string => key?.split(/[._]/).at(-1) ?? '';

const keysAndInvitations: SecretMaker = {
  what: 'API keys and invitations, repeated under their keys, misplaced, revoked',
  async make({ platform, own: { admin, credentials, tenant } }) {
    const { ready } = platform;
    const token = await tokenOf(ready, credentials);
    const keyed = { name: unique('key'), idempotencyKey: unique('key') };
    const { key, apiKey } = await admin.mutate.createApiKey(keyed);
    await admin.mutate.createApiKey(keyed);
    await misplace(platform, key ?? '', token);
    await misplace(platform, token, key ?? '');
    const operator = operatorOf(ready);
    const invited = { tenantId: tenant.id, role: 'VIEWER', label: 'the team', idempotencyKey: unique('key') } as const;
    const invitation = await operator.mutate.inviteMember(invited);
    await operator.mutate.inviteMember(invited);
    await misplace(platform, invitation.token ?? '', token);
    await admin.mutate.acceptInvitation({ token: invitation.token ?? '' }).catch(() => {});
    await admin.mutate.acceptInvitation({ token: (invitation.token ?? '').slice(0, -1) }).catch(() => {});
    // It was accepted.
    await operator.mutate
      .revokeInvitation({ tenantId: tenant.id, invitationId: invitation.invitation?.id ?? '' })
      .catch(() => {});
    await admin.mutate.revokeApiKey({ apiKeyId: apiKey?.id ?? '' });
    await misplace(platform, key ?? '', key ?? '');
    return [
      { name: 'API key', value: secretPart(key) },
      { name: 'token of an invitation', value: secretPart(invitation.token) },
    ];
  },
};

export const makers: readonly SecretMaker[] = [clientSecret, strayTokens, keysAndInvitations];
