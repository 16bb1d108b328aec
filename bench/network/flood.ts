/** Sends datagrams as fast as it can to an address, for so many milliseconds; tells how many, and the processor time they took. */
import { createSocket } from 'node:dgram';

const [address = '', ms = '0'] = process.argv.slice(2);
const socket = createSocket('udp4').on('error', () => {});
await new Promise<void>((resolve) => socket.connect(9, address, resolve));
const payload = Buffer.alloc(8);
const until = performance.now() + Number(ms);
const before = process.cpuUsage();
let sent = 0;
while (performance.now() < until) {
  const batch = 64;
  await new Promise<void>((resolve, reject) => {
    let waiting = batch;
    for (let index = 0; index < batch; index++) {
      // Where nothing is filtered it is told that nobody listens; that is as good as sent.
      socket.send(payload, (error) => {
        if (error !== null && !('code' in error && error.code === 'ECONNREFUSED')) reject(error);
        else if (--waiting === 0) resolve();
      });
    }
  });
  sent += batch;
}
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ sent, cpuSeconds: system / 1e6, userSeconds: user / 1e6 }));
socket.close();
