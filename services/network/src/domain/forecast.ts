/** When something is used up that goes on as in the last day. */

const dayMs = 86_400_000;
/** Further away than that is no news. */
const horizonMs = 3650 * dayMs;

/** `net`: how many more are held than a day ago. RFC 3339; null where that isn't growth, or it is years away. */
export function forecast(free: number, net: number, now: number): string | null {
  if (net <= 0) return null;
  const left = (Math.max(free, 0) / net) * dayMs;
  return left > horizonMs ? null : new Date(now + left).toISOString();
}
