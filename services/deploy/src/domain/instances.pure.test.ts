import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Instance } from './instance.ts';
import { Instances } from './instances.ts';

const instance = (n: number, order: number): Instance => ({
  id: `ins_${n}`,
  nodeId: 'node_a',
  releaseId: 'rel_a',
  resources: { cpuMillis: 1, memoryMiB: 1 },
  order,
  condition: { phase: 'PLACED' },
  leaving: false,
  stopping: null,
});
const step = fc.record({ id: fc.nat({ max: 40 }), remove: fc.boolean() });

test('instances are a map in the order of placing, whose earlier values stay as they were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const model = new Map<string, Instance>();
      let instances = Instances.none;
      const past: { value: Instances; list: readonly Instance[] }[] = [];
      for (const [order, { id, remove }] of steps.entries()) {
        past.push({ value: instances, list: instances.list() });
        const one = instance(id, order);
        instances = remove ? instances.without(one.id) : instances.with(one);
        if (remove) model.delete(one.id);
        else model.set(one.id, one);
        expect(instances.size).toBe(model.size);
        expect(instances.get(one.id)).toEqual(model.get(one.id));
      }
      expect(instances.list()).toEqual([...model.values()].sort((a, b) => a.order - b.order));
      for (const { value, list } of past) expect(value.list()).toEqual(list);
    }),
  );
});
