/** Everything that was ever shipped can be read: for any data that an old shape allows, not for examples only. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readShapes } from '../gen/files.ts';
import { registries } from '../gen/registries.ts';
import type { Json } from '../gen/shape.ts';
import { contexts } from '../src/contexts.ts';
import type { EventDefinition } from '../src/registry.ts';
import { anyOfShape } from './arbitrary.ts';

const recorded = contexts.flatMap((context) =>
  Object.entries(readShapes(context)).flatMap(([type, versions]) =>
    Object.entries(versions).map(([version, { shape }]) => ({
      name: `${context}.${type} version ${version}`,
      definition: registries[context][type],
      version: Number(version),
      shape,
    })),
  ),
);

/** As the engine does it on the way in. */
function climb(definition: EventDefinition, from: number, data: unknown): unknown {
  let newest = data;
  for (let version = from; version < definition.version; version++) {
    const step = definition.upcasters?.[version];
    if (step === undefined) throw new Error(`There is no upcaster from version ${version}.`);
    newest = step(newest);
  }
  return newest;
}

const freeze = (value: Json): Json => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
};

describe('data of any shipped shape', () => {
  test.each(recorded)('$name becomes data of today', ({ definition, version, shape }) => {
    if (definition === undefined) throw new Error('Its definition is gone.');
    fc.assert(
      fc.property(anyOfShape(shape), (data) => {
        // Frozen: an upcaster that edits what it is given would change what others read.
        const newest = climb(definition, version, freeze(data));
        const parsed = definition.data.safeParse(newest);
        expect(parsed.error?.message).toBeUndefined();
        expect(climb(definition, version, data), 'the same each time').toEqual(newest);
      }),
      { numRuns: version < definition.version ? 300 : 20 },
    );
  });

  test('there are shapes to try', () => {
    expect(recorded.length).toBeGreaterThanOrEqual(45);
  });
});
