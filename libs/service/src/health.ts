import type { Logger } from 'pino';
/** A readiness check: resolves to null when fine, else to the reason why not. Bounded to 2 s. */
export type ReadinessCheck = () => Promise<string | null>;
/** Serves /livez, /readyz (503 with the reasons) and /metrics on 127.0.0.1 (or `host`) : `port`; port 0 takes a free one. */
export declare function startHealthServer(options: {
  port: number;
  host?: string;
  checks: Record<string, ReadinessCheck>;
  log: Logger;
}): Promise<{ port: number; close(): Promise<void> }>;
