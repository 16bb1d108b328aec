/** Which program a request came from, as far as it says: bounded, since anybody writes what they like. */

export interface Client {
  /** The other end of the connection; null where it isn't known any more. */
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Name and version of the SDK, from the header `atoll-client`. */
  readonly sdk: string | null;
}

export const clientHeader = 'atoll-client';
const maxText = 200;

/** Printable and short; what else there is becomes a question mark. */
function bounded(text: string | readonly string[] | undefined): string | null {
  const one = typeof text === 'object' ? text[0] : text;
  if (one === undefined || one === '') return null;
  return one.slice(0, maxText).replaceAll(/[^\x20-\x7e]/g, '?');
}

export function clientOf(request: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}): Client {
  return {
    address: bounded(request.socket.remoteAddress),
    userAgent: bounded(request.headers['user-agent']),
    sdk: bounded(request.headers[clientHeader]),
  };
}
