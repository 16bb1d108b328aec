/**
 * `npm start -- --database-only`: the home's database and nothing that reads or writes it, for what an operator has to do to a
 * restored one before its services see it (`npm run events -- keys bury`).
 */
import { rmSync } from 'node:fs';
import { writeJson } from '../process/files.ts';
import { openHome } from './home.ts';
import { recordChildren, stopLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { openPorts } from './ports.ts';
import { embeddedDatabase } from './postgres.ts';
import { removeReady } from './ready.ts';
import { openSecrets } from './secrets.ts';
import { createSupervisor } from './supervisor.ts';

export interface DatabaseOnly {
  /** Resolves when the database takes statements. */
  readonly up: Promise<void>;
  stop(): Promise<void>;
}

/** Throws where the home is in use, or its database is elsewhere. */
export function startDatabaseOnly(folder: string, say: (line: string) => void): DatabaseOnly {
  if (process.env.ATOLL_DATABASE_URL) {
    throw new Error('The database of ATOLL_DATABASE_URL runs without this: name it to the command by --database-url.');
  }
  const home = openHome(folder);
  const lock = takeLock(home.lock);
  if (!lock.taken)
    throw new Error(`Atoll runs on this home already (${home.path}, process ${lock.holder.pid}): stop it.`);
  const { release } = lock;
  const secrets = openSecrets(home.secrets);
  let supervisor: ReturnType<typeof createSupervisor> | undefined;

  async function start(): Promise<void> {
    removeReady(home.ready);
    await stopLeftovers(home.children);
    const { spec, adminUrl } = embeddedDatabase(home, await openPorts(home.ports).take('postgres'), secrets);
    if (!spec) throw new Error('This home has no database of its own.');
    supervisor = createSupervisor({
      specs: [spec],
      logs: home.logs,
      say,
      onChange: (processes) => recordChildren(home.children, processes),
    });
    await supervisor.start();
    writeJson(home.database, { databaseUrl: adminUrl });
  }
  const up = start();
  up.catch(() => {});
  return {
    up,
    async stop() {
      rmSync(home.database, { force: true });
      await up.catch(() => {});
      await supervisor?.stop();
      rmSync(home.database, { force: true });
      release();
    },
  };
}
