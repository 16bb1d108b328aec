import type { Registry } from 'prom-client';
/** One registry per process, with the default process metrics; prom-client's Counter, Gauge, Histogram register here. */
export declare const metrics: Registry;
