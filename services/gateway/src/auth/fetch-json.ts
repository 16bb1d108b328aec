/**
 * Fetches JSON from an address that a tenant has named. Refuses to be led inside: only https, only public addresses, as
 * they are at the moment of connecting (a name may mean another address a moment later), no redirects; bounded in time
 * and size. What the operator allows beyond that is a setting.
 */
import { lookup } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `loopback`: also this machine, and there http, too. `private`: also the private ranges. Never link-local ones. */
export const privateIssuers = ['none', 'loopback', 'private'] as const;
export type PrivateIssuers = (typeof privateIssuers)[number];

/** The document can't be had. The message is for the one who named the address, and tells nothing of what is inside. */
export class Unfetchable extends Error {
  override readonly name = 'Unfetchable';
}

const ranges: Readonly<Record<PrivateIssuers, ReadonlySet<string>>> = {
  none: new Set(['unicast']),
  loopback: new Set(['unicast', 'loopback']),
  private: new Set(['unicast', 'loopback', 'private', 'uniqueLocal']),
};

const isAllowed = (address: string, allow: PrivateIssuers): boolean =>
  ipaddr.isValid(address) && ranges[allow].has(ipaddr.process(address).range());

const bare = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1');

function isLoopbackName(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}

/** Why an address is never asked; null where it may be. A name is judged again by what it means when it is asked. */
export function addressProblem(text: string, allow: PrivateIssuers): string | null {
  if (!URL.canParse(text)) return 'is no URL';
  const { protocol, hostname } = new URL(text);
  const plain = protocol === 'http:' && allow !== 'none' && isLoopbackName(hostname);
  if (protocol !== 'https:' && !plain) return 'must be an https URL';
  const host = bare(hostname);
  if (ipaddr.isValid(host) && !isAllowed(host, allow)) return 'must be at a public address';
  return null;
}

const guardedLookup =
  (allow: PrivateIssuers): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const fit = addresses.filter(({ address }) => isAllowed(address, allow));
      const [first] = fit;
      if (!first || fit.length < addresses.length) return callback(new Unfetchable('must be at a public address'), '');
      return options.all ? callback(null, fit) : callback(null, first.address, first.family);
    });
  };

export type FetchJson = (url: string) => Promise<unknown>;

export function createFetchJson(options: { allow: PrivateIssuers; timeoutMs?: number; maxBytes?: number }): FetchJson {
  const { allow, timeoutMs = 5_000, maxBytes = 256 * 1024 } = options;

  return async (url) => {
    const problem = addressProblem(url, allow);
    if (problem !== null) throw new Unfetchable(problem);
    return await new Promise((resolve, reject) => {
      const settings: RequestOptions = {
        method: 'GET',
        headers: { accept: 'application/json' },
        agent: false,
        lookup: guardedLookup(allow),
        signal: AbortSignal.timeout(timeoutMs),
      };
      const fail = (why: string, cause?: unknown) =>
        reject(cause instanceof Unfetchable ? cause : new Unfetchable(why, { cause }));
      const asked = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, settings, (response) => {
        if (response.statusCode !== 200) {
          response.destroy();
          return fail(`answers with the status ${response.statusCode}, and not with a document`);
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size <= maxBytes) return;
          response.destroy();
          fail(`answers with more than ${maxBytes} bytes`);
        });
        response.on('error', (error) => fail('breaks off its answer', error));
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            fail('answers with what is no JSON', error);
          }
        });
      });
      asked.on('error', (error) => fail('can not be reached', error));
      asked.end();
    });
  };
}
