import { defineConfig } from 'vitest/config';

/** The suffix of a test file tells its cost; see docs/contributing.md. */
const exclude = ['**/node_modules/**', '**/.atoll/**'];
/** As Node resolves it, so that our code and Apollo Server have one and the same `graphql`. */
const resolve = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] };
/** How long a condition is waited for that names no time of its own: a busy machine takes its time. */
const patient = { expect: { poll: { timeout: 15_000 } } };
const withDatabase = { globalSetup: ['infra/testing/global-setup.ts'] };

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        resolve,
        test: {
          name: 'pure',
          include: ['**/*.pure.test.ts'],
          exclude,
          ...patient,
          testTimeout: 10_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: 'int',
          include: ['**/*.int.test.ts'],
          exclude,
          ...patient,
          ...withDatabase,
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: 'node',
          include: ['**/*.node.test.ts'],
          exclude,
          ...patient,
          testTimeout: 180_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude,
          ...patient,
          ...withDatabase,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
