/** What the process is told by its environment. */
import { z } from 'zod';

export const tenancyConfig = z.object({
  ATOLL_NATS_URL: z.url(),
  ATOLL_DATABASE_URL: z.url(),
  ATOLL_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
});
