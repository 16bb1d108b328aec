import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { commonConfig, parseConfig } from '../src/config.ts';

const schema = z.object({
  ...commonConfig,
  ATOLL_DATABASE_URL: z.url(),
  ATOLL_NODE_DEAD_SECONDS: z.coerce.number().default(60),
});

describe('parseConfig', () => {
  test('gives typed values, and defaults for what is unset or empty', () => {
    const result = parseConfig(schema, {
      ATOLL_NATS_URL: 'nats://127.0.0.1:4222',
      ATOLL_DATABASE_URL: 'postgresql://localhost/atoll',
      ATOLL_NODE_DEAD_SECONDS: '',
      UNRELATED: 'x',
    });
    expect(result).toEqual({
      ok: true,
      config: {
        ATOLL_NATS_URL: 'nats://127.0.0.1:4222',
        ATOLL_HEALTH_PORT: 0,
        ATOLL_DATABASE_URL: 'postgresql://localhost/atoll',
        ATOLL_NODE_DEAD_SECONDS: 60,
      },
    });
  });

  test('tells all problems at once, by name, without any value', () => {
    const result = parseConfig(schema, { ATOLL_NATS_URL: 'http://user:hunter2@host', ATOLL_HEALTH_PORT: '70000' });
    expect(result.ok).toBe(false);
    const problems = result.ok ? [] : result.problems;
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'ATOLL_DATABASE_URL',
      'ATOLL_HEALTH_PORT',
      'ATOLL_NATS_URL',
    ]);
    expect(problems[0]).toContain('must be set');
    expect(problems.join()).not.toContain('hunter2');
  });
});
