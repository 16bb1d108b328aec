/**
 * The keys of foreign issuers: cached, refreshed, kept.
 *
 * Goals: a token whose key is known never waits for its issuer, and passes while that is down, also after a restart. A
 * new key is found by the first token that it has signed. However many tokens name keys that nobody has, an issuer is
 * asked no more often than once in a cool-down; tokens that come meanwhile wait for the next answer, for seconds at
 * most, so that nobody who sends such tokens keeps a new key from being found.
 */
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@atoll/service/log';
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import { discover, fetchKeys, parseKeys } from './discovery.ts';
import type { FetchJson } from './fetch-json.ts';

export interface KeySetTimes {
  /** An issuer is asked no more often for keys that it may not have. */
  readonly cooldownMs: number;
  /** Keys older than this are asked for anew, beside the requests. */
  readonly refreshMs: number;
  /** Keys older than this are not believed any more. */
  readonly believedMs: number;
}
export const usualTimes: KeySetTimes = { cooldownMs: 5_000, refreshMs: 600_000, believedMs: 7 * 86_400_000 };

/** Requests that wait for the same answer. */
const maxWaiting = 500;
const maxIssuers = 2_000;

export interface IssuerKeys {
  /** For jose. Throws JWKSNoMatchingKey for a key that the issuer doesn't have; UNAVAILABLE where that isn't known. */
  key(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>;
  /** Counts the changes of its keys: what was verified with other ones is verified again. */
  readonly generation: number;
}

export interface KeySets {
  of(issuer: string): IssuerKeys;
  /** Reads the issuer's documents now. Throws Unfetchable. */
  probe(issuer: string): Promise<void>;
  stop(): Promise<void>;
}

interface Known {
  readonly jwks: JSONWebKeySet;
  readonly text: string;
  readonly jwksUri: string;
  readonly fetchedAt: number;
  readonly find: ReturnType<typeof createLocalJWKSet>;
}

const known = (jwks: JSONWebKeySet, jwksUri: string, fetchedAt: number): Known => ({
  ...{ jwks, jwksUri, fetchedAt },
  text: JSON.stringify(jwks),
  find: createLocalJWKSet(jwks),
});

const readSql = {
  name: 'issuer_keys',
  text: 'select jwks, jwks_uri, extract(epoch from fetched_at) * 1000 as at from read.issuer_keys where url = $1',
};
const writeSql = {
  name: 'keep_issuer_keys',
  text: `insert into read.issuer_keys (url, jwks, jwks_uri, fetched_at) values ($1, $2, $3, to_timestamp($4 / 1000.0))
    on conflict (url) do update set jwks = excluded.jwks, jwks_uri = excluded.jwks_uri, fetched_at = excluded.fetched_at
    where read.issuer_keys.fetched_at < excluded.fetched_at`,
};

export function createKeySets(options: {
  pool: Pool;
  fetchJson: FetchJson;
  log: Logger;
  times?: KeySetTimes;
}): KeySets {
  const { pool, fetchJson, log, times = usualTimes } = options;
  const issuers = new Map<string, IssuerKeys & { busy(): Promise<unknown> }>();
  const stopping = new AbortController();

  async function kept(issuer: string): Promise<Known | null> {
    const { rows } = await pool.query<{ jwks: unknown; jwks_uri: string; at: string }>({
      ...readSql,
      values: [issuer],
    });
    const [row] = rows;
    return row ? known(parseKeys(row.jwks), row.jwks_uri, Number(row.at)) : null;
  }

  async function keep(issuer: string, { text, jwksUri, fetchedAt }: Known): Promise<void> {
    try {
      await pool.query({ ...writeSql, values: [issuer, text, jwksUri, fetchedAt] });
    } catch (error) {
      log.warn({ err: error, issuer }, 'keys of an issuer could not be kept: after a restart it has to be there');
    }
  }

  function create(issuer: string): IssuerKeys & { busy(): Promise<unknown> } {
    let current: Known | null = null;
    let generation = 0;
    let loading: Promise<void> | null = null;
    let lastBegan = Number.NEGATIVE_INFINITY;
    /** Under way: what it answers may be older than a token that comes now. */
    let flight: Promise<void> | null = null;
    /** Not begun yet: whoever comes now may wait for it. */
    let next: Promise<void> | null = null;
    let waiting = 0;

    async function fetchNow(): Promise<void> {
      lastBegan = performance.now();
      const at = Date.now();
      let uri = current?.jwksUri ?? (await discover(fetchJson, issuer));
      let jwks: JSONWebKeySet;
      try {
        jwks = await fetchKeys(fetchJson, uri);
      } catch (error) {
        if (!current) throw error;
        // They may have moved.
        uri = await discover(fetchJson, issuer);
        jwks = await fetchKeys(fetchJson, uri);
      }
      const fresh = known(jwks, uri, at);
      if (fresh.text !== current?.text) generation += 1;
      current = fresh;
      await keep(issuer, fresh);
    }

    function begin(): Promise<void> {
      flight ??= fetchNow().finally(() => {
        flight = null;
      });
      return flight;
    }

    /** An answer that was asked for after this call. */
    function anew(): Promise<void> {
      next ??= (async () => {
        try {
          await flight?.catch(() => {});
          const rest = lastBegan + times.cooldownMs - performance.now();
          await setTimeout(Math.max(0, rest), undefined, { signal: stopping.signal });
        } finally {
          next = null;
        }
        await begin();
      })();
      return next;
    }

    async function load(): Promise<void> {
      if (current) return;
      loading ??= (async () => {
        current = await kept(issuer);
        if (!current) await (performance.now() - lastBegan < times.cooldownMs ? anew() : begin());
      })().finally(() => {
        loading = null;
      });
      await loading;
    }

    const unavailable = (cause: unknown) =>
      new ApiError('UNAVAILABLE', "The keys of the token's issuer can't be read now; try again.", {
        originalError: cause instanceof Error ? cause : new Error(String(cause)),
      });

    async function patiently(wait: () => Promise<void>): Promise<void> {
      if (waiting >= maxWaiting) throw unavailable(new Error('Too many requests wait for the keys of an issuer.'));
      waiting += 1;
      try {
        await wait();
      } catch (error) {
        log.warn({ err: error, issuer }, 'the keys of an issuer could not be read');
        throw unavailable(error);
      } finally {
        waiting -= 1;
      }
    }

    return {
      get generation() {
        return generation;
      },
      busy: () => Promise.allSettled([flight, next, loading]),
      async key(header, token) {
        // `kid` and `alg` alone are looked at: whatever key, or place of one, a token brings along is its own affair.
        const { alg, kid } = header;
        const wanted: JWSHeaderParameters = { ...(alg && { alg }), ...(kid !== undefined && { kid }) };
        if (!current) await patiently(load);
        const age = Date.now() - (current?.fetchedAt ?? 0);
        if (age > times.believedMs) await patiently(anew);
        else if (age > times.refreshMs && !flight && performance.now() - lastBegan > times.cooldownMs) {
          begin().catch((error: unknown) => log.warn({ err: error, issuer }, 'the keys of an issuer stay as they are'));
        }
        try {
          return await find(wanted, token);
        } catch (error) {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
          await patiently(anew);
          return await find(wanted, token);
        }
      },
    };

    async function find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
      if (!current) throw new errors.JWKSNoMatchingKey();
      return await current.find(header, token);
    }
  }

  return {
    of(issuer) {
      const found = issuers.get(issuer);
      if (found) return found;
      const [oldest] = issuers.keys();
      if (issuers.size >= maxIssuers && oldest !== undefined) issuers.delete(oldest);
      const fresh = create(issuer);
      issuers.set(issuer, fresh);
      return fresh;
    },
    async probe(issuer) {
      await fetchKeys(fetchJson, await discover(fetchJson, issuer));
    },
    async stop() {
      stopping.abort();
      await Promise.all([...issuers.values()].map((issuer) => issuer.busy()));
    },
  };
}
