/** Access tokens and keys: given, provided, or exchanged for client credentials and kept until shortly before they expire. */
import { AtollAccessError, AtollNetworkError } from './errors.ts';
import type { AtollOptions, ClientCredentials, TokenProvider } from './options.ts';
import type { Clock } from './retry.ts';

export interface TokenSource {
  /** `refused` is the token that was just refused: another one is wanted. */
  get(refused: string | null): Promise<string>;
  /** Whether a refused token can be replaced by another. */
  readonly renewable: boolean;
}

export function tokenSource(options: AtollOptions, fetch: typeof globalThis.fetch, clock: Clock): TokenSource {
  if (options.clientCredentials !== undefined) return exchanged(options.clientCredentials, fetch, clock);
  const { apiKey } = options;
  if (apiKey !== undefined) return { get: async () => apiKey, renewable: false };
  const { token } = options;
  if (typeof token === 'string') return { get: async () => token, renewable: false };
  const provide: TokenProvider = token;
  return { get: async (refused) => await provide(refused), renewable: true };
}

interface Grant {
  readonly token: string;
  readonly staleAt: number;
}

const EXCHANGE_MS = 10_000;

function exchanged(credentials: ClientCredentials, fetch: typeof globalThis.fetch, clock: Clock): TokenSource {
  let grant: Grant | null = null;
  let underWay: Promise<Grant> | null = null;
  return {
    renewable: true,
    async get(refused) {
      if (grant !== null && grant.token !== refused && clock.now() < grant.staleAt) return grant.token;
      // Calls that come together share one exchange.
      underWay ??= exchange(credentials, fetch, clock).finally(() => {
        underWay = null;
      });
      grant = await underWay;
      return grant.token;
    },
  };
}

async function exchange(
  { clientId, clientSecret, tokenUrl }: ClientCredentials,
  fetch: typeof globalThis.fetch,
  clock: Clock,
): Promise<Grant> {
  const asked = clock.now();
  const basic = btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(EXCHANGE_MS),
    });
    status = response.status;
    body = await response.json();
  } catch (cause) {
    throw new AtollNetworkError('NO_ANSWER', `no answer from ${tokenUrl}`, { cause });
  }
  const field = (name: string) => (typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined);
  const token = field('access_token');
  const seconds = field('expires_in');
  if (typeof token !== 'string') {
    const reason = field('error_description') ?? field('error') ?? `status ${status}`;
    if (status >= 500) throw new AtollNetworkError('NO_ANSWER', `${tokenUrl}: ${String(reason)}`);
    throw new AtollAccessError('UNAUTHENTICATED', `the client credentials were refused: ${String(reason)}`);
  }
  // A fifth of its life before the end, so that no request leaves with a token that expires on the way.
  const lifeMs = (typeof seconds === 'number' ? seconds : 60) * 1000;
  return { token, staleAt: asked + lifeMs * 0.8 };
}
