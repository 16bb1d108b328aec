import { buildSchema, GraphQLNonNull, isInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadSchema } from '../schema/load.ts';
import { withDefaults } from './defaults.ts';
import { inputField, inputMessage } from './fields.ts';
import { mutationProblems, mutations } from './registry.ts';

const field = (name: string, path: string, input: unknown = {}) => {
  const definition = mutations[name];
  if (!definition) throw new Error(name);
  return inputField(definition, input, path);
};

describe('the field at fault is told in the words of the input', () => {
  it('names that differ', () => {
    const cases: [string, string, readonly string[] | null][] = [
      ['createEnvironment', 'name', ['name']],
      ['createEnvironment', 'key', ['idempotencyKey']],
      ['scaleDeployment', 'expectedVersion', ['expectedVersion']],
      ['createDeployment', 'spec.image', ['image']],
      ['createDeployment', 'spec.resources.cpuMillis', ['cpuMillis']],
      ['createDeployment', 'spec.ports.0.port', ['ports', '0', 'port']],
      ['createDeployment', 'spec.readiness.kind', ['readiness', 'protocol']],
      ['createDeployment', 'spec.readiness.path', ['readiness', 'path']],
      ['createDeployment', 'strategy', ['maxSurge']],
      ['createDeployment', 'strategy.maxUnavailable', ['maxUnavailable']],
      ['createDeployment', 'spec', null],
      ['createIsolationPolicy', 'definition.from.0.namespaceId', ['from', 'namespaceId']],
      ['createIsolationPolicy', 'definition.to.0.labels', ['toLabels']],
      ['createIsolationPolicy', 'definition.traffic.1', ['ports', '1']],
      ['createServiceAccount', 'secretHash', null],
      ['createTenant', 'limits.cpuMillis', ['limits', 'cpuMillis']],
    ];
    for (const [name, path, expected] of cases) expect(field(name, path), `${name} ${path}`).toEqual(expected);
    expect(inputField({}, {}, undefined)).toBeNull();
  });

  it('of one of several processes', () => {
    const processes = [
      { name: 'a', kind: 'TASK' },
      { name: 'b', kind: 'SERVICE' },
      { name: 'c', kind: 'SERVICE' },
    ];
    const told = (path: string) => field('createDeployment', path, { processes })?.join('.') ?? null;
    expect(told('spec.image')).toBe('processes.1.image');
    expect(told('spec.resources.cpuMillis')).toBe('processes.1.cpuMillis');
    expect(told('spec.others.0.name')).toBe('processes.0.name');
    expect(told('spec.others.1.liveness.kind')).toBe('processes.2.liveness.protocol');
    expect(told('spec.others.1.dependsOn.0.process')).toBe('processes.2.dependsOn.0.process');
    expect(told('spec.others')).toBe('processes');
    expect(told('name')).toBe('name');
  });

  it('in the message, too', () => {
    const message = (text: string, path: readonly string[] | null) =>
      inputMessage({ message: text, field: 'spec.resources.cpuMillis' }, path);
    expect(message('spec.resources.cpuMillis: too small', ['cpuMillis'])).toBe('cpuMillis: too small');
    expect(message('spec.resources.cpuMillis: too small', null)).toBe('too small');
    expect(message('There is no room.', ['cpuMillis'])).toBe('There is no room.');
  });

  it('keys of maps, which are items of lists there, dots in them or not', () => {
    const labels = [
      { key: 'a', value: '1' },
      { key: 'x.y/z', value: '2' },
    ];
    expect(field('createNamespace', 'labels.x.y/z', { labels })).toEqual(['labels', '1']);
    expect(field('createNamespace', 'labels', { labels })).toEqual(['labels']);
    expect(field('createDeployment', 'spec.env.B', { env: [{ name: 'A' }, { name: 'B' }] })).toEqual(['env', '1']);
    expect(field('updateIsolationPolicy', 'definition.from.0.labels.a', { from: { labels } })).toEqual([
      'from',
      'labels',
      '0',
    ]);
    expect(field('updateIsolationPolicy', 'definition.to.0.labels.x.y/z', { toLabels: labels })).toEqual([
      'toLabels',
      '1',
    ]);
  });
});

describe('null is as good as left out where there is a default', () => {
  it('at every depth, and nowhere else', () => {
    const schema = buildSchema(
      'input I { a: Int = 1, b: Int, c: [J!], d: J } input J { e: String = "x", f: String } type Query { a(i: I): Int }',
    );
    const type = schema.getType('I');
    if (!isInputObjectType(type)) throw new Error('I');
    expect(
      withDefaults(new GraphQLNonNull(type), { a: null, b: null, c: [{ e: null, f: null }], d: { e: 'y' } }),
    ).toEqual({
      ...{ a: 1, b: null, d: { e: 'y' } },
      c: [{ e: 'x', f: null }],
    });
  });
});

describe('the registry', () => {
  it('has each mutation of the SDL, and no other', () => {
    expect(mutationProblems(loadSchema())).toEqual([]);
    const partial = buildSchema('type Query { a: Int } type Mutation { createTenant: P, other: P } type P { a: Int }');
    expect(mutationProblems(partial)).toContain('Mutation.other leads to no command');
    expect(mutationProblems(partial)).toContain('Mutation.deleteNamespace is not in the SDL');
  });
});
