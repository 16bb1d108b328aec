import { deployCommands } from '@atoll/schema/deploy/commands';
import { deployEvents } from '@atoll/schema/deploy/events';
import { MAX_LABELS } from '@atoll/schema/text';
import { expect, test } from 'vitest';
import { deploymentDecider } from '../src/domain/decide.ts';
import { create } from './fixtures.ts';

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'x']));
const asked = deployCommands.CreateDeployment.input.shape.labels;

test('a deployment with as many labels as a command takes can be placed: the one of its name fits in', () => {
  const labels = asked.parse(many(MAX_LABELS - 1));
  const decision = deploymentDecider.decide({ status: 'NONE' }, create({ labels }));
  if (!decision.ok) throw new Error(decision.rejection.message);
  const placed = decision.events.filter(({ type }) => type === 'InstancePlaced');
  expect(placed.length).toBeGreaterThan(0);
  // The ids of the fixtures are none: only the labels are looked at.
  const { labels: shape } = deployEvents.InstancePlaced.data.shape;
  for (const { data } of placed) expect(shape.safeParse('labels' in data ? data.labels : null).success).toBe(true);
});

test('one more is refused with its reason', () => {
  expect(asked.safeParse(many(MAX_LABELS)).error?.issues[0]?.message).toContain('at most 31 labels');
});
