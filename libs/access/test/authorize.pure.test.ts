import { permissionRegistry, permissions, rolePermissions } from '@atoll/schema/permissions';
import type { RoleRef, Scope } from '@atoll/schema/tenancy/access';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allows, beyond } from '../src/authorize.ts';
import { compileGrants } from '../src/compiled.ts';
import { builtInPermissions, type Grant, knownPermissions, limitedTo, operatorGrants } from '../src/grants.ts';
import { allPlaces, type Holding, mayDo, type Place, tooMuch } from './second-opinion.ts';

const id = (prefix: string, n: number) => `${prefix}_01h455vb4pex5vsknk084sn0${n}q`;
const tree: Record<string, string[]> = {
  [id('env', 1)]: [id('ns', 1), id('ns', 2)],
  [id('env', 2)]: [id('ns', 3)],
  [id('env', 3)]: [],
};

const scopeOf = ({ environment, namespace }: Place): Scope => {
  if (namespace !== undefined)
    return { level: 'namespace', environmentId: environment, namespaceId: namespace } as Scope;
  return environment === undefined
    ? { level: 'tenant' }
    : ({ level: 'environment', environmentId: environment } as Scope);
};
const place = fc.constantFrom(...allPlaces(tree));
const permission = fc.constantFrom(...permissions);
const holding: fc.Arbitrary<Holding> = fc.record({
  operator: fc.constant(false),
  permissions: fc.oneof(
    fc.uniqueArray(permission, { maxLength: 6 }),
    fc.constantFrom(...Object.values(rolePermissions).map((held) => [...held])),
  ),
  at: place,
});
const grantOf = (held: Holding, index: number): Grant => ({
  binding: id('rb', index % 10) as Grant['binding'],
  role: held.operator ? 'operator' : (id('role', index % 10) as RoleRef),
  permissions: knownPermissions(held.permissions),
  scope: scopeOf(held.at),
});
const policy = fc.array(holding, { maxLength: 5 });
const runs = { numRuns: 3000 };

describe('the authorizer', () => {
  it('says of random policies what a second one says, that was written from the rule alone', () => {
    fc.assert(
      fc.property(policy, permission, place, (holdings, asked, at) => {
        const decision = allows(holdings.map(grantOf), asked, scopeOf(at));
        expect(decision.allowed).toBe(mayDo(holdings, asked, at));
        expect(decision.because.length > 0).toBe(decision.allowed);
      }),
      runs,
    );
  });

  it('compiled says the same, wherever it is asked', () => {
    fc.assert(
      fc.property(policy, (holdings) => {
        const grants = holdings.map(grantOf);
        const access = compileGrants(grants);
        for (const asked of permissions) {
          const places = allPlaces(tree);
          const held = places.filter((at) => mayDo(holdings, asked, at));
          expect(places.filter((at) => access.may(asked, scopeOf(at)))).toEqual(held);
          // Held somewhere is held at one of the places, as all scopes are of this tree.
          expect(access.permissions.has(asked)).toBe(held.length > 0);
          if (access.reach(asked).kind === 'everywhere') expect(held).toContainEqual({});
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets somebody give what they hold at every place that it would reach, and nothing beyond', () => {
    fc.assert(
      fc.property(policy, holding, (giver, gift) => {
        const more = beyond(giver.map(grantOf), knownPermissions(gift.permissions), scopeOf(gift.at));
        expect(more.length > 0).toBe(tooMuch(giver, gift.permissions, gift.at, tree));
      }),
      runs,
    );
  });

  it('with a key of fewer scopes allows what both allow', () => {
    fc.assert(
      fc.property(policy, fc.uniqueArray(permission), permission, place, (holdings, scopes, asked, at) => {
        const limited = limitedTo(holdings.map(grantOf), scopes);
        expect(allows(limited, asked, scopeOf(at)).allowed).toBe(scopes.includes(asked) && mayDo(holdings, asked, at));
      }),
      runs,
    );
  });

  it('names each grant that suffices, and no other', () => {
    const env1 = scopeOf({ environment: id('env', 1) });
    const ns1 = scopeOf({ environment: id('env', 1), namespace: id('ns', 1) });
    const grants: Grant[] = [
      { binding: null, role: 'viewer', permissions: builtInPermissions('viewer'), scope: { level: 'tenant' } },
      {
        binding: id('rb', 1) as Grant['binding'],
        role: 'developer',
        permissions: builtInPermissions('developer'),
        scope: env1,
      },
      { binding: id('rb', 2) as Grant['binding'], role: 'admin', permissions: builtInPermissions('admin'), scope: ns1 },
    ];
    const by = (asked: 'deployment:write' | 'deployment:read' | 'namespace:create', scope: Scope) =>
      allows(grants, asked, scope).because.map(({ role }) => role);
    expect(by('deployment:write', ns1)).toEqual(['developer', 'admin']);
    expect(by('deployment:write', env1)).toEqual(['developer']);
    expect(by('deployment:read', ns1)).toEqual(['viewer', 'developer', 'admin']);
    // Creating namespaces is about an environment: an admin of a namespace creates none beside it.
    expect(by('namespace:create', ns1)).toEqual([]);
  });

  it('gives what is the platform’s to the operator alone, whatever a role of a tenant says', () => {
    for (const asked of permissions.filter((name) => permissionRegistry[name].level === 'platform')) {
      const forged: Grant = { binding: null, role: 'owner', permissions: new Set([asked]), scope: { level: 'tenant' } };
      expect(allows([forged], asked, { level: 'tenant' }).allowed).toBe(false);
      expect(compileGrants([forged]).permissions.has(asked)).toBe(false);
    }
    expect(allows(operatorGrants, 'tenant:create', { level: 'tenant' }).allowed).toBe(true);
  });
});
