/** Memories of all instances. Only the number of starts is kept on disk. */
import { join } from 'node:path';
import { type Id, id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';
import { type Memory, unknown } from '../plan/memory.ts';

const startsFile = z.record(id('instance'), z.number().int().min(0));

export interface Memories {
  of(instance: Id<'instance'>): Memory;
  set(instance: Id<'instance'>, memory: Memory): void;
  /** Counted and on disk before the process is started: a crash in between counts one too many, never one too few. */
  countStart(instance: Id<'instance'>): Promise<void>;
  /** Forgets everybody else. */
  keep(instances: ReadonlySet<Id<'instance'>>): Promise<void>;
}

export async function openMemories(stateDir: string, log: Logger): Promise<Memories> {
  const path = join(stateDir, 'starts.json');
  const memories = new Map<Id<'instance'>, Memory>();
  const loaded = (await loadFile(path, startsFile, log)) ?? {};
  for (const [instance, starts] of Object.entries(loaded)) {
    memories.set(instance as Id<'instance'>, { ...unknown, starts });
  }
  let writing: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    writing = writing
      .catch(() => {})
      .then(() => saveFile(path, Object.fromEntries([...memories].map(([key, { starts }]) => [key, starts]))));
    return writing;
  }

  const of = (instance: Id<'instance'>) => memories.get(instance) ?? unknown;
  return {
    of,
    set: (instance, memory) => void memories.set(instance, memory),
    async countStart(instance) {
      memories.set(instance, { ...of(instance), starts: of(instance).starts + 1 });
      await save();
    },
    async keep(instances) {
      const others = [...memories.keys()].filter((instance) => !instances.has(instance));
      if (others.length === 0) return;
      for (const instance of others) memories.delete(instance);
      await save();
    },
  };
}
