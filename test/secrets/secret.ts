/** A secret that a test knows of, and in which form a leak of it would show. */
import { formsOf } from '../platform/traces-of.ts';

export interface Secret {
  /** For people; without its value. */
  readonly name: string;
  /**
   * The secret itself, and nothing that may be told: of a key with a public prefix what follows it, of a JWT its
   * signature (`signatureOf`), which alone makes it worth having.
   */
  readonly value: string;
  /** Files of the home that are made to hold it: paths from the home on. Default: none. */
  readonly keptIn?: readonly string[];
}

/** Below it a text is no secret, and would be found everywhere. */
const SHORTEST = 16;
/** Of a long one this much from its middle, too: what was cut short for a log still gives most of it away. */
const PIECE = 24;

/** The last of a JWT's three parts. */
export function signatureOf(token: string): string {
  const signature = token.split('.')[2];
  if (!signature) throw new Error('That is no signed token.');
  return signature;
}

/** What to look for: the secret in all forms in which it could be written, and a piece of it as it is. */
export function needlesOf({ name, value }: Secret): readonly string[] {
  if (value.length < SHORTEST) throw new Error(`The ${name} has ${value.length} characters: that is no secret.`);
  const start = Math.floor((value.length - PIECE) / 2);
  return [...formsOf(value), ...(start > 0 ? [value.slice(start, start + PIECE)] : [])];
}
