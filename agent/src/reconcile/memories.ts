/** Memories of all instances. Only the number of starts is kept on disk. */
import { join } from 'node:path';
import { processName } from '@atoll/schema/deploy/spec';
import { type Id, id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';
import { type Memory, memoryOf, unknown, withProcess } from '../plan/memory.ts';

/** `<instance>` for its main process, `<instance>/<process>` for the others. */
const startsFile = z.record(
  z.string().refine((key) => {
    const [instance, process = 'main', ...rest] = key.split('/');
    return rest.length === 0 && id('instance').safeParse(instance).success && processName.safeParse(process).success;
  }),
  z.number().int().min(0),
);

export interface Memories {
  of(instance: Id<'instance'>): Memory;
  set(instance: Id<'instance'>, memory: Memory): void;
  /** Counted and on disk before the process is started: a crash in between counts one too many, never one too few. */
  countStart(instance: Id<'instance'>, process: string | null): Promise<void>;
  /** Forgets everybody else. */
  keep(instances: ReadonlySet<Id<'instance'>>): Promise<void>;
}

export async function openMemories(stateDir: string, log: Logger): Promise<Memories> {
  const path = join(stateDir, 'starts.json');
  const memories = new Map<Id<'instance'>, Memory>();
  const loaded = (await loadFile(path, startsFile, log)) ?? {};
  for (const [key, starts] of Object.entries(loaded)) {
    const [text = '', process = null] = key.split('/');
    const instance = text as Id<'instance'>;
    memories.set(
      instance,
      withProcess(memories.get(instance) ?? unknown, process, (of) => ({ ...of, starts })),
    );
  }
  let writing: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    writing = writing.catch(() => {}).then(() => saveFile(path, Object.fromEntries([...memories].flatMap(startsOf))));
    return writing;
  }

  const of = (instance: Id<'instance'>) => memories.get(instance) ?? unknown;
  return {
    of,
    set: (instance, memory) => void memories.set(instance, memory),
    async countStart(instance, process) {
      const starts = memoryOf(of(instance), process).starts + 1;
      memories.set(
        instance,
        withProcess(of(instance), process, (known) => ({ ...known, starts })),
      );
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

const startsOf = ([instance, memory]: [Id<'instance'>, Memory]): [string, number][] => [
  [instance, memory.starts],
  ...Object.entries(memory.others).map(([process, { starts }]): [string, number] => [`${instance}/${process}`, starts]),
];
