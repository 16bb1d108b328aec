/** The contexts that own facts. Each is one service, one PostgreSQL schema, one JetStream stream. */
export const contexts = ['tenancy', 'deploy', 'network'] as const;
export type Context = (typeof contexts)[number];
