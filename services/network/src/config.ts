/** What the process is told by its environment. */
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';
import { addressValue, parseRange, type Range, rangeText } from './domain/address.ts';

/** A pool: a CIDR without bits behind its prefix, large enough for at least one range that is chosen here. */
const pool = (cidr: z.ZodType<string>, longestPrefix: number) =>
  cidr.transform((text, context): Range => {
    const range = parseRange(text);
    if (range.prefix > longestPrefix) {
      context.addIssue({ code: 'custom', message: `must be a /${longestPrefix} or larger` });
    } else if (addressValue(text.split('/')[0] ?? '') !== range.first) {
      context.addIssue({ code: 'custom', message: `has bits set behind its prefix; the range is ${rangeText(range)}` });
    }
    return range;
  });

const seconds = z.coerce.number().int().min(0).max(604_800);

export const networkConfig = z.object({
  ...commonConfig,
  ATOLL_DATABASE_URL: z.url(),
  ATOLL_ADDRESS_POOL_IPV4: pool(z.cidrv4(), 24).default(parseRange('10.64.0.0/10')),
  ATOLL_ADDRESS_POOL_IPV6: pool(z.cidrv6(), 64).default(parseRange('fd61:746f:6c6c::/48')),
  ATOLL_ADDRESS_REST_SECONDS: seconds.default(30),
  ATOLL_PUBLIC_REST_SECONDS: seconds.default(600),
});
