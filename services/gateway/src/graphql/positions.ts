/** `atoll-position`: what a client has seen, as `<context>:<n>`, several separated by commas. */
import { type Context, contexts } from '@atoll/schema/contexts';
import type { Positions } from '@atoll/schema/envelope';
import { ApiError } from '../errors.ts';

export const positionHeader = 'atoll-position';

const isContext = (text: string | undefined): text is Context => contexts.some((context) => context === text);

export function parsePositions(header: string | undefined): Positions {
  const positions: Record<string, number> = {};
  for (const part of (header ?? '').split(',')) {
    if (part.trim() === '') continue;
    const [, context, digits] = /^\s*([a-z]+):(\d{1,15})\s*$/.exec(part) ?? [];
    if (!isContext(context)) {
      throw new ApiError(
        'BAD_REQUEST',
        `The header ${positionHeader} must hold positions as mutations answer them, e.g. "tenancy:12", separated by commas.`,
      );
    }
    positions[context] = Math.max(positions[context] ?? 0, Number(digits));
  }
  return positions;
}
