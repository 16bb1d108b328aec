/** `npm start` until everything is ready: on an empty home, and again on the same one. Packages are installed already. */
import { newHome, Platform, removeHome } from '@atoll/test/platform/platform';
import { beside, row } from '../results.ts';
import type { Suite } from './suite.ts';

const AIM_SECONDS = 15;

export const startup: Suite = {
  name: 'startup',
  bed: false,
  async run() {
    const home = newHome();
    const timed = async () => {
      const began = performance.now();
      const platform = await Platform.start({ home });
      const seconds = (performance.now() - began) / 1000;
      const runtime = platform.ready.node?.runtime ?? 'no node';
      const stopping = performance.now();
      await platform.stop();
      return { seconds, runtime, stopSeconds: (performance.now() - stopping) / 1000 };
    };
    try {
      const cold = await timed();
      const warm = await timed();
      return [
        row(`start on an empty home (${cold.runtime})`, cold.seconds, 's'),
        beside(`start on a used home (${warm.runtime})`, warm.seconds, 's', 'aim', AIM_SECONDS),
        row('orderly stop', warm.stopSeconds, 's'),
      ];
    } finally {
      removeHome(home);
    }
  },
};
