import { writeFileSync } from 'node:fs';
import { startServers } from './servers.ts';

const s = await startServers();
const url = await s.database();
writeFileSync('/tmp/atoll/h8/url', url);
writeFileSync('/tmp/atoll/h8/nats', s.nats.url);
process.on('SIGTERM', async () => {
  await s.stop();
  process.exit(0);
});
setInterval(() => {}, 1000);
