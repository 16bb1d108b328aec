/** A supervisor of its own process, for tests that kill it: one child that notices by its channel, one that doesn't look. */
import { pageReadiness } from '../local/http.ts';
import { createSupervisor } from '../local/supervisor.ts';

const [logs = '', program = '', first = '', second = ''] = process.argv.slice(2);
const spec = (name: string, port: string, channel: boolean) => ({
  name,
  needs: [],
  launch: async () => ({
    command: process.execPath,
    args: channel ? [program] : ['-e', `require('node:http').createServer((q, r) => r.end()).listen(${port})`],
    env: { PATH: process.env.PATH, PORT: port, NAME: name },
    channel,
  }),
  ready: () => pageReadiness(`http://127.0.0.1:${port}/`),
  stopSignal: 'SIGTERM' as const,
  stopGraceMs: 1000,
});

const supervisor = createSupervisor({
  specs: [spec('attentive', first, true), spec('deaf', second, false)],
  logs,
  onChange: () => {},
  say: () => {},
});
await supervisor.start();
process.send?.(supervisor.processes());
