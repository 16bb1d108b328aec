/** The process that process.int.test.ts starts and stops. */
import { startHealthServer } from '../src/health.ts';
import { runProcess } from '../src/process.ts';

const mode = process.argv[2];

runProcess('fixture', async ({ log, onStop, fail }) => {
  if (mode === 'main') throw new Error('the reason');
  const health = await startHealthServer({
    port: 0,
    log,
    checks: {
      fine: async () => null,
      broken: async () => 'is broken',
      thrown: async () => {
        throw new Error('threw');
      },
      slow: () => new Promise(() => {}),
    },
  });
  onStop('health', health.close);
  onStop('first', () => log.info('stop first'));
  onStop('second', () => (mode === 'hang' ? new Promise(() => {}) : log.info('stop second')));
  if (mode === 'fail') fail(new Error('the reason'));
  else if (mode === 'throw')
    setImmediate(() => {
      throw new Error('the reason');
    });
  else if (mode === 'reject') void Promise.reject(new Error('the reason'));
  else process.send?.(health.port);
});
