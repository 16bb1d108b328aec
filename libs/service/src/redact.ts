/** Takes secrets out of text that leaves the process by its log. */

/** Names whose value is never printed, wherever they stand. */
const secretKeys = [
  'password',
  'pass',
  'passwd',
  'secret',
  'clientSecret',
  'client_secret',
  'secretHash',
  'token',
  'access_token',
  'authorization',
  'cookie',
  'apiKey',
  'privateKey',
  'd',
];

/** A secret name, and its value as a JSON string, in a line of JSON. */
const jsonSecret = new RegExp(`("(?:${secretKeys.join('|')})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
/** user:password of a URL. */
const urlCredentials = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi;
/** A JWT: three base64url parts, the first of which begins with `{"`. */
const jwt = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;

export const redact = (text: string): string =>
  text
    .replace(jsonSecret, '$1"[redacted]"')
    .replace(urlCredentials, '$1[redacted]@')
    .replace(jwt, '[redacted]')
    .replace(bearer, '$1 [redacted]');
