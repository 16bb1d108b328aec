import { collectDefaultMetrics, Registry } from 'prom-client';

/** One registry per process, with the default process metrics; prom-client's Counter, Gauge, Histogram register here. */
export const metrics: Registry = new Registry();
collectDefaultMetrics({ register: metrics });
