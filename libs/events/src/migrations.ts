/** Folder with the engine's own migrations, run before the context's own: `migrate({folders: [engineMigrations, …]})`. */
export const engineMigrations = new URL('../../../schema/sql/events/', import.meta.url);
