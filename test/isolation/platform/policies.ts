/** Random policies of a tenant as the public API takes them, and as the model reads them. */
import type { CompiledPeer, CompiledPolicy, CompiledService } from '@atoll/network/compile/model';
import type { Id } from '@atoll/schema/ids';
import type { PolicyTraffic } from '@atoll/schema/network/spec';
import type { CreateIsolationPolicyInput, PolicySideInput, PolicyTrafficInput } from '@atoll/sdk/generated/operations';
import type { Dice } from '../random.ts';
import { spaces, tenantPolicy } from '../worlds/policies.ts';

/** What of the platform stands for each of the worlds' spaces, in their order. */
export interface RealSpace {
  readonly tenant: Id<'tenant'>;
  readonly namespaceId: Id<'namespace'>;
  readonly environmentId: Id<'environment'>;
  readonly service: CompiledService;
}

/** As labels may be called by tenants. */
const keys: Readonly<Record<string, string>> = { app: 'app', '$(reboot)': 'tier', '--jump': 'zone' };
const renamed = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [keys[key] ?? key, value]));
const listed = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).map(([key, value]) => ({ key, value }));

let drawnSoFar = 0;
/** Names are taken once, also by those of earlier rounds. */
const nextNumber = () => ++drawnSoFar;

export interface Drawn {
  /** Of the worlds' spaces. */
  readonly space: number;
  readonly input: CreateIsolationPolicyInput;
  /** With the id that the platform gives it. */
  named(policyId: Id<'policy'>): CompiledPolicy;
}

function side(peer: CompiledPeer): PolicySideInput {
  switch (peer.kind) {
    case 'INSTANCES':
      return { instances: { namespaceId: peer.namespaceId, labels: listed(peer.labels) } };
    case 'ENVIRONMENT':
      return { environment: { environmentId: peer.environmentId, labels: listed(peer.labels) } };
    case 'SERVICE':
      return { service: { serviceId: peer.serviceId } };
    case 'CIDR':
      return { cidr: { cidr: peer.cidr, except: peer.except } };
    default:
      throw new Error(`a tenant names no ${peer.kind}`);
  }
}

const traffic = (one: PolicyTraffic): PolicyTrafficInput =>
  one.protocol === 'ICMP' ? { protocol: 'ICMP', icmpType: one.type } : one;

/** Null for what the API refuses: who names another tenant's things is told that there are none. */
function translated(policy: CompiledPolicy, real: readonly RealSpace[]): Drawn | null {
  const space = spaces.findIndex(({ namespaceId }) => namespaceId === policy.namespaceId);
  const own = real[space];
  if (own === undefined) return null;
  const { tenant } = own;
  const standsFor = (index: number): RealSpace | null => {
    const found = real[index];
    return found?.tenant === tenant ? found : null;
  };
  function peer(one: CompiledPeer): CompiledPeer | null {
    switch (one.kind) {
      case 'INSTANCES': {
        const found = standsFor(spaces.findIndex(({ namespaceId }) => namespaceId === one.namespaceId));
        return found && { ...one, namespaceId: found.namespaceId, labels: renamed(one.labels) };
      }
      case 'ENVIRONMENT': {
        const found = standsFor(spaces.findIndex(({ environmentId }) => environmentId === one.environmentId));
        return found && { ...one, environmentId: found.environmentId, labels: renamed(one.labels) };
      }
      case 'SERVICE':
        return real.some((other) => other.service.serviceId === one.serviceId && other.tenant === tenant) ? one : null;
      // Holes must lie within.
      case 'CIDR':
        return { ...one, except: [] };
      default:
        return null;
    }
  }
  const ends = [policy.definition.from, policy.definition.to].map((all) => all.map(peer));
  const [from = [], to = []] = ends.map((all) => all.filter((one) => one !== null));
  if (ends.flat().includes(null)) return null;
  const definition = { ...policy.definition, from, to };
  const { action, priority, log } = definition;
  return {
    space,
    input: {
      ...{
        namespaceId: own.namespaceId,
        name: `p-${policy.policyId.slice(-6)}-${nextNumber()}`,
        action,
        priority,
        log,
      },
      ...{ sources: from.map(side), destinations: to.map(side), traffic: definition.traffic.map(traffic) },
    },
    named: (policyId) => ({ ...policy, policyId, tenant, namespaceId: own.namespaceId, definition }),
  };
}

export function drawPolicies(dice: Dice, real: readonly RealSpace[], count: number): Drawn[] {
  const drawn: Drawn[] = [];
  for (let number = 1; drawn.length < count; number++) {
    const policy = translated(
      tenantPolicy(
        dice,
        number,
        // By the ids that they really have, in the spaces that the worlds know.
        real.map(({ service }, index) => ({
          ...service,
          namespaceId: spaces[index]?.namespaceId ?? service.namespaceId,
        })),
      ),
      real,
    );
    if (policy !== null) drawn.push(policy);
  }
  return drawn;
}
