import { defineConfig } from 'vitest/config';

/** The suffix of a test file tells its cost; see docs/contributing.md. */
const exclude = ['**/node_modules/**', '**/.atoll/**'];
const withDatabase = { globalSetup: ['infra/testing/global-setup.ts'] };

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: { name: 'pure', include: ['**/*.pure.test.ts'], exclude, testTimeout: 10_000, maxWorkers: 2 },
      },
      {
        test: {
          name: 'int',
          include: ['**/*.int.test.ts'],
          exclude,
          ...withDatabase,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'node',
          include: ['**/*.node.test.ts'],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude,
          ...withDatabase,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
