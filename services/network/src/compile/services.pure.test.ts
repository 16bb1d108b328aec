import type { Id } from '@atoll/schema/ids';
import { describe, expect, it } from 'vitest';
import { environmentOf, suffix } from '../../test/compile/intents.ts';
import { type CompiledNamespace, type CompiledService, compileServices, type HostedEndpoint } from './services.ts';

const namespaceOf = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;
/** 0 and 1 are in one environment, 3 in another. */
const namespaces = [0, 1, 3].map(
  (n): CompiledNamespace => ({ namespaceId: namespaceOf(n), environmentId: environmentOf(n), name: `n${n}` }),
);
const member = (n: number, serving: boolean) => ({ ipv4: `10.64.0.${n}`, ipv6: `fd61::${n}`, serving });
const service = (n: number, namespace: number, members: CompiledService['members'] = []): CompiledService => ({
  ...{ serviceId: `svc_${suffix(n)}`, namespaceId: namespaceOf(namespace), name: `s${n}`, affinitySeconds: null },
  ...{ ipv4: `10.127.0.${n}`, ipv6: `fd61::f${n}`, members },
  ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
});
const hosted = (n: number, namespace: number, serving = true): HostedEndpoint => ({
  ...{ instanceId: `ins_${suffix(n)}`, namespaceId: namespaceOf(namespace), serving },
});

describe('the services of a node', () => {
  it('send connections to the port of members that serve, and let those end that go to the others', () => {
    const all = [service(1, 1, [member(3, false), member(2, true)])];
    expect(compileServices([hosted(1, 0)], namespaces, all).services).toMatchObject([
      {
        ports: [{ protocol: 'TCP', port: 80, targets: [{ ipv4: '10.64.0.2', ipv6: 'fd61::2', port: 8080 }] }],
        draining: [{ ipv4: '10.64.0.3', ipv6: 'fd61::3' }],
      },
    ]);
  });

  it('and names are those of the environments that it has endpoints of, and of no other', () => {
    const { services, names } = compileServices([hosted(1, 0)], namespaces, [service(2, 3), service(1, 1)]);
    expect(services.map(({ serviceId }) => serviceId)).toEqual([`svc_${suffix(1)}`]);
    expect(names.views).toEqual([
      {
        environmentId: environmentOf(0),
        namespaces: [
          { name: 'n0', instances: [`ins_${suffix(1)}`], services: [] },
          { name: 'n1', instances: [], services: [expect.objectContaining({ name: 's1', ipv4: '10.127.0.1' })] },
        ],
      },
    ]);
  });

  it('keep those of its endpoints that somebody may still send connections to', () => {
    const { serving } = compileServices([hosted(2, 0), hosted(1, 0), hosted(3, 0, false)], namespaces, []);
    expect(serving).toEqual([`ins_${suffix(1)}`, `ins_${suffix(2)}`]);
  });
});
