/** The process that failpoint.int.test.ts starts: passes the points that it is told, and says which it survived. */
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const { failpoint, failpointsCanBeArmed } = await import('@atoll/service/failpoint');

const armedModules = () => loaded.filter((url) => url.includes('failpoint-armed') || url.includes('failpoint-spec'));
const say = (message: object) => process.send?.(message);

say({ canBeArmed: failpointsCanBeArmed, armedModules: armedModules() });
process.on('message', (asked: { times: number }) => {
  for (let time = 1; time <= asked.times; time++) {
    try {
      failpoint('append.before-commit');
      say({ passed: time });
    } catch (error) {
      say({ threw: time, error: String(error) });
    }
  }
  say({ done: true });
});
