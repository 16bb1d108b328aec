/** Every fault that the runner knows, by name. */

import { catalogue } from './catalogue.ts';
import { engineFailpoints, killAt } from './failpoint-faults.ts';
import type { Planned } from './fault.ts';
import { groundFaults } from './ground-faults.ts';
import { rivalFaults } from './rival-faults.ts';

export const everyFault: readonly Planned[] = [
  ...engineFailpoints.map(killAt),
  ...catalogue,
  ...groundFaults,
  ...rivalFaults,
];
