/** Which port each part of a home listens on: the same at every start, as long as it is free. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';
import { freePort, tryPort } from '../process/ports.ts';

const portsSchema = z.record(z.string(), z.number());

/** Below the range that systems give to outgoing connections. */
const from = 20_000;
const to = 29_999;
const tries = 200;

async function anyPort(taken: ReadonlySet<number>): Promise<number> {
  for (let i = 0; i < tries; i += 1) {
    const port = randomInt(from, to + 1);
    if (!taken.has(port) && (await tryPort(port)) !== null) return port;
  }
  return freePort();
}

export interface Ports {
  /** The port kept under `name`, or `preferred`, or a free one; the first of them that is free. */
  take(name: string, preferred?: number): Promise<number>;
  /** As asked for by the user: exactly this one (0: any free one). Throws where it is taken. */
  exactly(name: string, port: number): Promise<number>;
}

export function openPorts(path: string): Ports {
  const kept: Record<string, number> = readJson(path, portsSchema) ?? {};
  const given = new Set<number>();

  function keep(name: string, port: number): number {
    given.add(port);
    kept[name] = port;
    writeJson(path, kept);
    return port;
  }

  return {
    async take(name, preferred) {
      for (const port of [kept[name], preferred]) {
        if (port !== undefined && !given.has(port) && (await tryPort(port)) !== null) return keep(name, port);
      }
      return keep(name, await anyPort(new Set([...given, ...Object.values(kept)])));
    },
    async exactly(name, port) {
      if (port === 0) return keep(name, await anyPort(new Set([...given, ...Object.values(kept)])));
      if ((await tryPort(port)) === null) {
        throw new Error(`Port ${port} is in use. Give another with --port, or 0 for a free one.`);
      }
      return keep(name, port);
    },
  };
}
