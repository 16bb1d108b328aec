/** Folder with the migrations of the read schema, run after the engine's own. */
export const readMigrations = new URL('../../../schema/sql/read/', import.meta.url);
export const readSchema = 'read';
