import { generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChainedRecord, canonical, genesis, link } from '../src/audit/chain.ts';
import { headType, type RecordLine } from '../src/audit/lines.ts';
import { createVerifier, openHead } from '../src/audit/verify.ts';

test('the canonical form is that of RFC 8785, section 3.2.3 and appendix B', () => {
  expect(
    canonical({
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      literals: [null],
    }),
  ).toBe('{"literals":[null],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}');
  const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  expect(Object.values(JSON.parse(canonical(names)))).toHaveLength(7);
  expect([...canonical(names).matchAll(/:(\d)/g)].map(([, n]) => Number(n))).toEqual([2, 4, 6, 7, 1, 5, 3]);
  expect(canonical('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  expect(canonical({ b: undefined, a: -0 })).toBe('{"a":0}');
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwk: JsonWebKey = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' };
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
function signed(payload: object, header: object = { alg: 'EdDSA', typ: headType, kid: 'k1' }): string {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

const tenant = 'ten_x';
function logOf(facts: readonly unknown[]): RecordLine[] {
  let hash = genesis(tenant);
  return facts.map((data, index) => {
    const record: ChainedRecord = {
      ...{
        cursor: String(index + 1),
        id: `evt_${index}`,
        tenant,
        type: 'a.B',
        resourceId: 'r',
        time: 't',
        actor: 'user:a',
      },
      ...{ cause: null, correlation: 'c', data, changes: null },
    };
    hash = link(hash, record);
    return { kind: 'record', ...record, hash };
  });
}
function verdict(lines: readonly unknown[], heads: readonly string[] = []) {
  const verifier = createVerifier({ keys: [jwk], heads });
  verifier.take({ kind: 'start', tenant, after: '0', hash: genesis(tenant) });
  for (const line of lines) verifier.take(line);
  return verifier.end();
}

test('whatever is done to a log, the first record that is not as it was is named', () => {
  const facts = fc.array(fc.jsonValue(), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(facts, fc.nat(), fc.constantFrom('edit', 'delete', 'swap', 'insert', 'truncate'), (given, at, how) => {
      const log = logOf(given);
      expect(verdict(log)).toMatchObject({ ok: true, log: { records: log.length } });
      const index = at % (log.length - 1);
      const end = log.at(-1);
      const head = signed({ tenant, cursor: end?.cursor, hash: end?.hash, iat: 1 });
      const lines: unknown[] = [...log];
      const [one, next] = [log[index], log[index + 1]];
      if (how === 'edit') lines[index] = { ...one, actor: 'user:eve' };
      if (how === 'delete') lines.splice(index, 1);
      if (how === 'swap') lines.splice(index, 2, { ...next, cursor: one?.cursor }, { ...one, cursor: next?.cursor });
      if (how === 'insert') lines.splice(index, 0, { ...one, id: 'evt_new' });
      if (how === 'truncate') lines.splice(index);
      expect(verdict(lines, [head])).toMatchObject({ ok: false, fault: { cursor: index + 1 } });
    }),
    { numRuns: 200 },
  );
});

test('a head counts only with the signature of a key that is known, and as a head', () => {
  const payload = { tenant, cursor: '1', hash: 'ab', iat: 1 };
  expect(openHead(signed(payload), [jwk])).toEqual(payload);
  expect(openHead(signed(payload), [{ ...jwk, kid: 'k2' }])).toBeNull();
  expect(openHead(signed(payload, { alg: 'EdDSA', typ: 'at+jwt', kid: 'k1' }), [jwk])).toBeNull();
  expect(openHead(signed(payload, { alg: 'none', typ: headType, kid: 'k1' }), [jwk])).toBeNull();
  const [header, , signature] = signed(payload).split('.');
  expect(openHead([header, part({ ...payload, cursor: '2' }), signature].join('.'), [jwk])).toBeNull();
  for (const text of ['', 'a', 'a.b.c', '..']) expect(openHead(text, [jwk])).toBeNull();
});

test('what is no log is told so, and never thrown', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (lines) => {
      const verifier = createVerifier({ keys: [jwk] });
      for (const line of lines) verifier.take(line);
      return !verifier.end().ok;
    }),
  );
});
