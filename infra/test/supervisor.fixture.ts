/** A child of supervisor.int.test.ts: listens on PORT as long as it lives; with FAIL, ends with that exit code. */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT, NAME, TRACE, FAIL } = process.env;
if (FAIL) {
  console.error('the reason is told here');
  process.exit(Number(FAIL));
}
const trace = (what: string) => appendFileSync(TRACE ?? '/dev/null', `${NAME} ${what}\n`);
trace('started');
createServer((_, response) => response.end('ok')).listen({ port: Number(PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => {
  trace('stopped');
  process.exit(0);
});
process.once('disconnect', () => process.exit(0));
