/** Starts the PostgreSQL server of the run before the first test of a project that needs it, and stops it at the end. */
import { startTestServer, type TestServer } from './postgres.ts';

let server: TestServer | undefined;
let users = 0;

/** Each project calls it: they share one server. */
export async function setup(): Promise<() => Promise<void>> {
  users += 1;
  if (!process.env.ATOLL_TEST_DATABASE_URL) {
    server = await startTestServer();
    // Workers inherit the environment.
    process.env.ATOLL_TEST_DATABASE_URL = server.url;
  }
  return async () => {
    users -= 1;
    if (users > 0 || !server) return;
    await server.stop();
    server = undefined;
    delete process.env.ATOLL_TEST_DATABASE_URL;
  };
}
