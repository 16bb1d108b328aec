/** From a command to its event at a subscriber, at a steady 100 commands a second. */
import { newTenant, tokenOf } from '@atoll/test/platform/clients';
import { beside, row } from '../results.ts';
import type { Suite } from './suite.ts';

const PER_SECOND = 100;
const SECONDS = 15;
const AIM_MS = 50;

export const commandToSubscriber: Suite = {
  name: 'command-to-subscriber',
  bed: true,
  async run({ platform, generator }) {
    const { ready } = platform;
    const { credentials } = await newTenant(ready);
    const outcome = await generator.latency({
      url: ready.graphqlUrl,
      subscriptionsUrl: ready.subscriptionsUrl,
      token: await tokenOf(ready, credentials),
      perSecond: PER_SECOND,
      seconds: SECONDS,
    });
    const at = `at ${PER_SECOND} commands/s`;
    return [
      row(`command to subscriber ${at}: p50`, outcome.p50, 'ms'),
      beside(`command to subscriber ${at}: p99`, outcome.p99, 'ms', 'aim', AIM_MS),
      row(`command to subscriber ${at}: longest`, outcome.max, 'ms'),
      row(`command to its answer ${at}: p50`, outcome.answerP50, 'ms'),
      row(`command to its answer ${at}: p99`, outcome.answerP99, 'ms'),
    ];
  },
};
