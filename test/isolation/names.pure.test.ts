/** Whatever tenants call things: of the names themselves nothing reaches a rule, and they open nothing but what they say. */
import { RuleSetInvalid } from '@atoll/agent/render/intent';
import { desiredNetwork, type RuleSet } from '@atoll/schema/node/network';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, networkDocument } from '../../agent/test/fixtures.ts';
import { checkNames, isPlain, linesOf } from './campaigns/names.ts';
import { diceOf, seedOf } from './random.ts';
import { bareNames, hostileName } from './worlds/names.ts';

describe('names and labels', () => {
  test('2,000 of them: each line is a plain one, each policy has its own rules and no other', {
    timeout: 120_000,
  }, () => {
    const seed = seedOf('hostile names');
    for (let batch = 0; batch < 10; batch++) {
      expect(checkNames(seed + batch, 200), `seed ${seed + batch}`).toEqual([]);
    }
  });
});

describe('the contract with the agent', () => {
  const end = endpointAt(fixedId('instance', 1), 1, 2);
  const opening = {
    policyId: fixedId('policy', 1),
    from: [end.instanceId],
    to: [end.instanceId],
    protocol: 'TCP',
    ports: { from: 80, to: 80 },
  } as const;
  const good = networkDocument(fixedId('node', 1), 1, compile([end], [opening]));

  /** Every text of the document that a rule is made of, by its path. */
  function texts(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
    if (typeof value === 'string') return [path];
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      texts(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  }
  function replaced(value: unknown, path: readonly (string | number)[], by: string): unknown {
    const [key, ...rest] = path;
    if (key === undefined) return by;
    if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, by) : item));
    const entries = Object.entries(value as object);
    return Object.fromEntries(entries.map(([name, inner]) => [name, name === key ? replaced(inner, rest, by) : inner]));
  }

  function linesOrRefusal(rules: RuleSet): string[] {
    try {
      return linesOf(rules);
    } catch (error) {
      if (error instanceof RuleSetInvalid) return [];
      throw error;
    }
  }

  test('no text of it can be anything but what it is', () => {
    const dice = diceOf(seedOf('hostile documents'));
    expect(desiredNetwork.safeParse(good).success).toBe(true);
    const paths = texts(good);
    expect(paths.length).toBeGreaterThan(15);
    for (const path of paths) {
      for (const [index, name] of [
        ...bareNames,
        ...Array.from({ length: 50 }, (_, at) => hostileName(dice, at)),
      ].entries()) {
        const bad = replaced(good, path, name);
        const parsed = desiredNetwork.safeParse(bad);
        if (!parsed.success) continue;
        // An address or a network that is one is another, and no attack; or what it names isn't there.
        const lines = linesOrRefusal(parsed.data.rules);
        expect(
          lines.filter((line) => !isPlain(line)),
          `${path.join('.')} ${index}`,
        ).toEqual([]);
      }
    }
  });

  test('what names a set or a chain that is not there is refused whole', () => {
    const [chain] = good.rules.chains;
    if (chain === undefined) throw new Error('there is a chain');
    for (const name of bareNames) {
      const rules = {
        ...good.rules,
        chains: good.rules.chains.map((one) => ({ ...one, rules: one.rules.map((rule) => ({ ...rule, set: name })) })),
      };
      expect(() => linesOf(rules), name.slice(0, 20)).toThrow(/isn't there/);
      const endpoints = good.rules.endpoints.map((one) => ({ ...one, ingress: name }));
      expect(() => linesOf({ ...good.rules, endpoints }), name.slice(0, 20)).toThrow(/isn't there/);
    }
  });
});
