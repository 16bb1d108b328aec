import { given } from '@atoll/events/given';
import type { ImageRules } from '@atoll/schema/tenancy/environments';
import { imagePattern } from '@atoll/schema/tenancy/environments';
import { describe, expect, it } from 'vitest';
import { matches, refusedImage } from './admission.ts';
import { type EnvironmentEvent, environmentDecider, type KnownEnvironment } from './environment.ts';

const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const test = 'env_01h455vb4pex5vsknk084sn02r';
const digest = `sha256:${'a'.repeat(64)}`;
const image = `registry.test:5000/team/app@${digest}`;
const known = (rules: Partial<ImageRules>, sources = [test] as const): KnownEnvironment => ({
  status: 'KNOWN',
  environmentId,
  revision: 3,
  rules: { allowed: null, promotedOnly: false, ...rules },
  sources: [...sources],
});

describe('a pattern of images', () => {
  it.each([
    ['r:5000/team/app', 'r:5000/team/app', true],
    ['r:5000/team/app', 'r:5000/team/app2', false],
    ['r:5000/team/app', 'r:5001/team/app', false],
    ['r:5000/team/*', 'r:5000/team/app', true],
    ['r:5000/team/*', 'r:5000/team/app/deep', false],
    ['r:5000/*/app', 'r:5000/team/app', true],
    ['r:5000/**', 'r:5000/team/app', true],
    ['r:5000/**', 'r:5000/app', true],
    ['r:5000/team/**', 'r:5000/team', false],
    ['r:5000/team/**', 'r:5000/teams/app', false],
    // What looks like an expression to somebody else is nothing but text here.
    ['r.x/team/app', 'rax/team/app', false],
  ])('%s and %s: %s', (pattern, repository, is) => {
    expect(imagePattern.safeParse(pattern).success).toBe(true);
    expect(matches(pattern, repository)).toBe(is);
  });

  it.each([
    'team',
    '*/team',
    'r:5000/',
    'r:5000/**/app',
    'r:5000/te*m',
    'r:5000/a@sha256:b',
    'R/x',
    `r/${'a'.repeat(300)}`,
  ])('%s is none', (text) => expect(imagePattern.safeParse(text).success).toBe(false));
});

describe('an environment', () => {
  const none = new Set<string>();
  it('without rules takes any image', () => {
    expect(refusedImage(image, { environment: known({}), promoted: none })).toBe(null);
  });

  it('takes what a pattern allows, and says which ones there are', () => {
    const allowed = ['registry.test:5000/team/*'];
    expect(refusedImage(image, { environment: known({ allowed }), promoted: none })).toBe(null);
    const other = `registry.test:5000/else/app@${digest}`;
    expect(refusedImage(other, { environment: known({ allowed }), promoted: none })).toMatchObject({
      code: 'REPOSITORY_NOT_ALLOWED',
      message: expect.stringContaining('registry.test:5000/team/*'),
      field: 'image',
    });
    expect(refusedImage(image, { environment: known({ allowed: [] }), promoted: none })?.code).toBe(
      'REPOSITORY_NOT_ALLOWED',
    );
  });

  it('takes what has run in one that promotes to it, from whichever registry, and names that one', () => {
    const environment = known({ promotedOnly: true });
    expect(refusedImage(image, { environment, promoted: new Set([digest]) })).toBe(null);
    const moved = `elsewhere.test/app@${digest}`;
    expect(refusedImage(moved, { environment, promoted: new Set([digest]) })).toBe(null);
    expect(refusedImage(image, { environment, promoted: none })).toMatchObject({
      code: 'IMAGE_NOT_PROMOTED',
      message: expect.stringContaining(test),
    });
    const alone = { ...environment, sources: [] };
    expect(refusedImage(image, { environment: alone, promoted: none })?.message).toMatch(/No environment promotes/);
  });

  const adopted = (revision: number, rules: Partial<ImageRules>, sources: (typeof test)[]): EnvironmentEvent => ({
    type: 'EnvironmentRulesAdopted',
    data: { environmentId, revision, rules: { allowed: null, promotedOnly: false, ...rules }, sources },
  });

  it('holds the mark of its newest revision only', () => {
    const rules = { allowed: null, promotedOnly: true };
    const mark = { kind: 'unique', set: 'image-rules', owner: environmentId } as const;
    expect(given(environmentDecider, []).when({ action: 'adopt', environmentId })).toEqual({
      ok: true,
      events: [adopted(1, {}, [])],
      claims: [{ op: 'take', ...mark, key: `${environmentId}@1` }],
    });
    expect(given(environmentDecider, [adopted(1, {}, [])]).when({ action: 'setRules', environmentId, rules })).toEqual({
      ok: true,
      events: [adopted(2, rules, [])],
      claims: [
        { op: 'release', ...mark, key: `${environmentId}@1` },
        { op: 'take', ...mark, key: `${environmentId}@2` },
      ],
    });
  });

  it('learns who promotes to it in whichever order that is told, and nothing twice', () => {
    expect(given(environmentDecider, []).when({ action: 'addSource', environmentId, source: test })).toMatchObject({
      events: [adopted(1, {}, [test])],
    });
    const there = given(environmentDecider, [adopted(1, {}, [test])]);
    expect(there.when({ action: 'adopt', environmentId })).toMatchObject({ events: [] });
    expect(there.when({ action: 'addSource', environmentId, source: test })).toMatchObject({ events: [] });
    expect(there.when({ action: 'removeSource', environmentId, source: test })).toMatchObject({
      events: [adopted(2, {}, [])],
    });
  });
});
