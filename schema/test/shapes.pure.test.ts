/** The lock of event shapes, on small registries. That the check itself stops a developer: check.pure.test.ts. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compareEnvelope } from '../gen/envelope.ts';
import { shapeOf } from '../gen/shape.ts';
import { compareShapes, nextShapes, type RecordedShapes, shipShapes } from '../gen/shapes.ts';
import { missingTexts } from '../gen/texts.ts';
import type { EventRegistry } from '../src/registry.ts';

const name = z.string().max(10).describe('What it is called.');
const first = z.strictObject({ name });
const second = z.strictObject({ name, size: z.number().int().min(0).meta({ description: 'Size.', 'x-unit': 'MiB' }) });
const up = { 1: (data: unknown) => ({ ...(data as object), size: 0 }) };

const registry = (Made: Partial<EventRegistry[string]> = {}): EventRegistry => ({
  Made: { doc: 'It is there.', stream: 'thing', version: 1, data: first, ...Made },
});
const shipped = shipShapes(nextShapes(registry(), {}), '0.1.0');
const none = { problems: [], outdated: [] };

describe('a shipped shape', () => {
  test('is fine as it was', () => {
    expect(compareShapes('x', registry(), shipped)).toEqual(none);
  });

  test.each([
    ['a field more', z.strictObject({ name, more: name })],
    ['a field less', z.strictObject({})],
    ['a field that may be left out', z.strictObject({ name: name.optional() })],
    ['another bound', z.strictObject({ name: z.string().max(11) })],
    ['another type', z.strictObject({ name: z.number() })],
    ['another unit', z.strictObject({ name: name.meta({ 'x-unit': 's' }) })],
  ])('edited in place (%s) is a problem that says what to do, and where the difference is', (_, data) => {
    const { problems, outdated } = compareShapes('x', registry({ data }), shipped);
    expect(outdated).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('x.Made version 1 was edited in place');
    expect(problems[0]).toContain('raise its version to 2, write upcasters[1]');
    expect(problems[0]).toMatch(/\n {4}\S+: .+ → .+/);
    expect(nextShapes(registry({ data }), shipped), 'gen never rewrites it').toEqual(shipped);
  });

  test('may get other texts and another order of fields', () => {
    const reworded = z.strictObject({ name: z.string().max(10).describe('Its name.') });
    expect(compareShapes('x', registry({ data: reworded }), shipped)).toEqual(none);
    const turned = z.strictObject({ size: second.shape.size, name });
    expect(shapeOf(turned)).toEqual(shapeOf(second));
  });

  test('is added to by the next version, with an upcaster', () => {
    const two = registry({ version: 2, data: second, upcasters: up });
    expect(compareShapes('x', two, shipped).outdated).toEqual(['x.Made version 2 is new']);
    const next = nextShapes(two, shipped);
    expect(compareShapes('x', two, next)).toEqual(none);
    expect(next.Made?.[1]).toEqual(shipped.Made?.[1]);
    expect(next.Made?.[2]?.since).toBeNull();
  });

  test('without its upcaster is a problem', () => {
    const { problems } = compareShapes('x', registry({ version: 2, data: second }), shipped);
    expect(problems.join()).toContain('no upcaster from version 1');
  });

  test('that has vanished from the record is a problem', () => {
    const two = registry({ version: 2, data: second, upcasters: up });
    const { Made } = nextShapes(two, shipped);
    const onlyNewest: RecordedShapes = { Made: { 2: Made?.[2] ?? { since: null, shape: null } } };
    expect(compareShapes('x', two, onlyNewest).problems.join()).toContain('version 1 is missing from the recorded');
  });

  test('whose type was removed is a problem, and stays recorded', () => {
    expect(compareShapes('x', {}, shipped).problems.join()).toContain('x.Made was removed');
    expect(nextShapes({}, shipped)).toEqual(shipped);
  });

  test('is not gone back behind', () => {
    const two = shipShapes(nextShapes(registry({ version: 2, data: second, upcasters: up }), shipped), '0.2.0');
    expect(compareShapes('x', registry(), two).problems.join()).toContain('Versions only rise');
  });

  test('has no upcaster that leads nowhere', () => {
    const { problems } = compareShapes('x', registry({ upcasters: up }), shipped);
    expect(problems.join()).toContain('upcaster from version 1, and its newest version is 1');
  });
});

describe('a shape in development', () => {
  const open = nextShapes(registry(), {});

  test('may be edited, and gen writes it anew', () => {
    const edited = registry({ data: second });
    expect(compareShapes('x', edited, open)).toMatchObject({
      problems: [],
      outdated: [expect.stringContaining('Made')],
    });
    expect(compareShapes('x', edited, nextShapes(edited, open))).toEqual(none);
  });

  test('may be given up', () => {
    expect(compareShapes('x', {}, open).problems).toEqual([]);
    expect(nextShapes({}, open)).toEqual({});
  });
});

describe('the envelope', () => {
  const shape = (fields: z.core.$ZodLooseShape) => shapeOf(z.object(fields));
  const before = shape({ id: z.string(), cause: z.string().optional() });

  test('may get an attribute that can be left out', () => {
    const { problems, outdated } = compareEnvelope(
      before,
      shape({ id: z.string(), cause: z.string().optional(), more: z.string().optional() }),
    );
    expect([problems, outdated.length]).toEqual([[], 1]);
  });

  test.each([
    ['one that can not', { id: z.string(), cause: z.string().optional(), more: z.string() }],
    ['one less', { id: z.string() }],
    ['one of another type', { id: z.number(), cause: z.string().optional() }],
    ['one that can be left out now', { id: z.string().optional(), cause: z.string().optional() }],
    ['one that can no longer be left out', { id: z.string(), cause: z.string() }],
  ])('gets %s never', (_, fields) => {
    expect(compareEnvelope(before, shape(fields)).problems).toHaveLength(1);
  });
});

test('an event or a field that says nothing is named', () => {
  const silent = {
    Made: { version: 1, data: z.strictObject({ a: z.string(), list: z.array(first).describe('All.') }) },
  };
  const texts = missingTexts('x', silent).join('\n');
  for (const part of ['x.Made has no doc', 'x.Made has no stream', 'x.Made.a has no description'])
    expect(texts).toContain(part);
  expect(texts).not.toContain('x.Made.list');
  expect(missingTexts('x', registry())).toEqual([]);
});
