/** Configuration: read once at start, from the environment, checked as a whole. */
import { z } from 'zod';

/** Ends a process whose configuration is wrong (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

export type ConfigResult<S extends z.ZodObject> =
  | { readonly ok: true; readonly config: z.infer<S> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Variables that are set to the empty text count as unset. Problems name the variable, never its value. */
export function parseConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): ConfigResult<S> {
  const set = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, env[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(set);
  if (parsed.success) return { ok: true, config: parsed.data };
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    return `${name}: ${name in set || name === 'environment' ? issue.message : `must be set (${issue.message})`}`;
  });
  return { ok: false, problems: [...new Set(problems)].sort() };
}

/** Parses the environment with a zod object schema. All problems are printed at once, and the process ends with 78 (EX_CONFIG). */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const result = parseConfig(schema, env);
  if (result.ok) return result.config;
  process.stderr.write(`The configuration is not usable:\n${result.problems.map((line) => `  ${line}\n`).join('')}`);
  process.exit(EXIT_CONFIG);
}

/** What every process takes from its environment; spread into a process's own schema. */
export const commonConfig = {
  ATOLL_NATS_URL: z.string().regex(/^(nats|tls):\/\//, 'must begin with nats:// or tls://'),
  ATOLL_HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(0),
};
