/** The newest desired state of one kind: in memory, and on disk, so that the node knows it without the services. */
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';

interface Generational {
  readonly nodeId: Id<'node'>;
  readonly generation: number;
}

export interface Document<T extends Generational> {
  current(): T | null;
  /** 0 for none. */
  generation(): number;
  /** Takes it where it is newer; true then. On disk before it is acted on. */
  offer(next: T): Promise<boolean>;
}

export async function openDocument<T extends Generational>(options: {
  path: string;
  schema: z.ZodType<T>;
  nodeId: Id<'node'>;
  log: Logger;
}): Promise<Document<T>> {
  const { path, schema, nodeId, log } = options;
  const isForeign = (document: T) => {
    if (document.nodeId === nodeId) return false;
    log.error({ path, nodeId: document.nodeId }, "this document is another node's and is ignored");
    return true;
  };
  const loaded = await loadFile(path, schema, log);
  let current: T | null = loaded === null || isForeign(loaded) ? null : loaded;
  return {
    current: () => current,
    generation: () => current?.generation ?? 0,
    async offer(next) {
      if (isForeign(next)) return false;
      // Generation 0 is a document, too: the first, with nothing in it.
      if (current !== null && next.generation <= current.generation) {
        if (next.generation < current.generation) {
          log.warn({ has: current.generation, got: next.generation }, 'an older document was offered and is ignored');
        }
        return false;
      }
      await saveFile(path, next);
      current = next;
      return true;
    },
  };
}
