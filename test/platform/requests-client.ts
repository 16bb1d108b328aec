/** `node requests-client.ts <url> <per second>`: asks, each time by a new connection, until told to end; then says what came of it. */
import { get } from 'node:http';

const [, , url = '', perSecond = '50'] = process.argv;
const TIMEOUT_MS = 5000;
let sent = 0;
let open = 0;
const failures: string[] = [];

function ask(): void {
  const at = new Date().toISOString();
  sent += 1;
  open += 1;
  let over = false;
  const end = (failure: string | null) => {
    if (over) return;
    over = true;
    open -= 1;
    if (failure !== null) failures.push(`${at} ${failure}`);
  };
  const asked = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
    response.resume();
    response.on('end', () => end(response.statusCode === 200 ? null : `HTTP ${response.statusCode}`));
    response.on('error', ({ message }) => end(message));
  });
  asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  asked.on('error', ({ message }) => end(message));
}

const timer = setInterval(ask, 1000 / Number(perSecond));
process.on('SIGTERM', () => {
  clearInterval(timer);
  const last = setInterval(() => {
    if (open > 0) return;
    clearInterval(last);
    console.log(JSON.stringify({ sent, failures }));
    process.exit(0);
  }, 20);
});
