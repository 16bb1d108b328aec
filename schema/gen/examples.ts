/** Examples of events: the first one of each version in the golden streams, as it is on the wire. */
import { z } from 'zod';
import { contexts } from '../src/contexts.ts';
import { releaseFolder, releases, textOf } from './files.ts';
import { isObject, type JsonObject } from './shape.ts';

/** By `context.Type@version`. */
export type Examples = ReadonlyMap<string, JsonObject>;

const line = z.looseObject({ type: z.string(), schemaversion: z.number() });

export function readExamples(): Examples {
  const examples = new Map<string, JsonObject>();
  for (const release of releases()) {
    for (const context of contexts) {
      for (const text of (textOf(new URL(`${context}.jsonl`, releaseFolder(release))) ?? '').split('\n')) {
        if (text === '') continue;
        const event = z.json().parse(JSON.parse(text));
        const { type, schemaversion } = line.parse(event);
        const key = `${type.replace(/^atoll\./, '')}@${schemaversion}`;
        if (isObject(event) && !examples.has(key)) examples.set(key, event);
      }
    }
  }
  return examples;
}
