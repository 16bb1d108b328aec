import type { z } from 'zod';
/** Parses the environment with a zod object schema. All problems are printed at once, and the process ends with 78 (EX_CONFIG). */
export declare function loadConfig<S extends z.ZodObject>(schema: S, env?: NodeJS.ProcessEnv): z.infer<S>;
