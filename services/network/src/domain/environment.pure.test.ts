import { given } from '@atoll/events/given';
import { expect, it } from 'vitest';
import { type EnvironmentEvent, environment } from './environment.ts';

const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const opened: EnvironmentEvent = { type: 'EnvironmentOpened', data: { environmentId } };
const closed: EnvironmentEvent = { type: 'EnvironmentClosed', data: { environmentId } };
const mark = { kind: 'unique', set: 'environment-open', key: environmentId, owner: environmentId };

it.each([
  ['opens once', 'open', [], [opened], [{ op: 'take', ...mark }]],
  ['opens no second time', 'open', [opened], [], []],
  ['closes', 'close', [opened], [closed], [{ op: 'release', ...mark }]],
  ['closes before it is known, so that what is told late brings nothing back', 'close', [], [closed], undefined],
  ['opens never again', 'open', [closed], [], []],
  ['closes no second time', 'close', [opened, closed], [], []],
] as const)('an environment %s', (_what, kind, history, events, claims) => {
  const decision = given(environment, history).when({ kind, environmentId });
  expect(decision).toMatchObject({ ok: true, events, ...(claims && { claims }) });
});
