/** What the process is told by its environment. */
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';

export const tenancyConfig = z.object({
  ...commonConfig,
  ATOLL_DATABASE_URL: z.url(),
  ATOLL_DATA_KEY_FILE: z.string().min(1),
});
