/**
 * Public addresses of a platform on one machine: that machine reaches them, and nobody else does, so that a port that is mapped can be
 * tried here without anything being open to the network. Whoever names an interface to the outside gives ranges of their own.
 */
import { z } from 'zod';
import type { Home } from './home.ts';
import { ask } from './seed.ts';

interface Placed {
  /** Of the node's host network; null for the machine's own. */
  readonly netns: string | null;
}

const variable = 'ATOLL_PUBLIC_INTERFACE';

/** Only who is in the machine's own network namespace is reached from there. */
const isReached = (node: Placed) => node.netns === null && !process.env[variable];

export const publicInterface = (node: Placed): Readonly<Record<string, string>> =>
  isReached(node) ? { [variable]: 'lo' } : {};

/**
 * Of the block for measurements between networks (RFC 2544, 198.18.0.0/15), which no network has and the internet doesn't route; a
 * part of its own for each home, as several may run.
 */
export function publicRangeOf({ short }: Pick<Home, 'short'>): string {
  const part = Number.parseInt(short.slice(0, 4), 16) % 512;
  return `198.${18 + (part >> 8)}.${part & 255}.0/24`;
}

const added = z.object({ addAddressRange: z.object({ userErrors: z.array(z.object({ message: z.string() })) }) });

/** Once: a range that the operator has withdrawn since stays withdrawn. Resolves to it; null where there is none. */
export async function seedPublicRange(
  api: { url: string; token: string },
  home: Home,
  nodes: readonly Placed[],
): Promise<string | null> {
  if (!nodes.some(isReached)) return null;
  const cidr = publicRangeOf(home);
  const { addAddressRange } = await ask(
    api,
    'mutation ($input: AddAddressRangeInput!) { addAddressRange(input: $input) { userErrors { message } } }',
    { input: { idempotencyKey: `local-seed-public-${cidr}`, purpose: 'PUBLIC', cidr } },
    added,
  );
  return addAddressRange.userErrors.length === 0 ? cidr : null;
}
