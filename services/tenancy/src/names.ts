/** Where this service's tables are. */
export const schema = 'tenancy';
export const migrations = new URL('../../../schema/sql/tenancy/', import.meta.url);
