/** What the process is told by its environment. */
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';

const seconds = z.coerce.number().int().min(1).max(86_400);

/** `host:port` of each registry, separated by commas. */
const registries = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string().regex(/^[a-z0-9.-]+(:[0-9]{1,5})?$/, 'must be host:port, separated by commas')));

export const deployConfig = z
  .object({
    ...commonConfig,
    ATOLL_DATABASE_URL: z.url(),
    /** Where images may come from; without any, nothing can be deployed. Those on loopback are spoken to over http. */
    ATOLL_REGISTRIES: registries.default([]),
    /** A node that wasn't heard of for so long gets nothing new … */
    ATOLL_NODE_SUSPECT_SECONDS: seconds.default(15),
    /** … and for so long, loses what it ran. */
    ATOLL_NODE_DEAD_SECONDS: seconds.default(60),
    /** It stops what is fenced before it wasn't heard of for so long; at most two thirds of the seconds after which it is lost. */
    ATOLL_NODE_LEASE_SECONDS: seconds.default(40),
    /** Quota that is reserved for a command is kept for so long, should this process die before its commit. */
    ATOLL_QUOTA_SECONDS: z.coerce.number().int().min(3).max(600).default(60),
  })
  .superRefine((config, context) => {
    const most = Math.floor(config.ATOLL_NODE_DEAD_SECONDS / LEASE_MARGIN);
    if (config.ATOLL_NODE_LEASE_SECONDS <= most) return;
    const message = `must be at most ${most}, two thirds of ATOLL_NODE_DEAD_SECONDS: what runs by a lease has ended before it is replaced`;
    context.addIssue({ code: 'custom', path: ['ATOLL_NODE_LEASE_SECONDS'], message });
  });
