/** The operator's mutations of the platform's policies. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { idKind, PLATFORM } from '@atoll/schema/ids';
import { type Asking, isRejection, type Keyed, mutation, type Order, type Versioned } from './definition.ts';
import { type CidrInput, isFault, type TrafficInput, trafficOf } from './policy-input.ts';

interface SideInput {
  readonly all?: boolean | null;
  readonly tenantId?: string | null;
  readonly cidr?: CidrInput | null;
}
interface PlatformInput {
  readonly name: string;
  readonly action: 'ALLOW' | 'DENY';
  readonly priority: number;
  readonly log: boolean;
  readonly sources: readonly SideInput[];
  readonly destinations: readonly SideInput[];
  readonly traffic: readonly TrafficInput[];
}

const sides = ['sources', 'destinations'] as const;
type Peer = Readonly<Record<string, unknown>>;

async function peerOf({ all, tenantId, cidr }: SideInput, at: string, asking: Asking): Promise<Peer | Rejection> {
  const given = [all ?? false, typeof tenantId === 'string', Boolean(cidr)].filter(Boolean).length;
  if (given !== 1) {
    return reject('INVALID_ARGUMENT', `Give exactly one of all (true), tenantId and cidr; this has ${given}.`, at);
  }
  if (cidr) return { kind: 'CIDR', cidr: cidr.cidr, except: cidr.except ?? [] };
  if (typeof tenantId !== 'string') return { kind: 'ALL' };
  if (await asking.tenantExists(tenantId)) return { kind: 'TENANT', tenantId };
  return reject('NOT_FOUND', 'There is no such tenant.', `${at}.tenantId`);
}

async function dataOf(input: PlatformInput, asking: Asking): Promise<Peer | Rejection> {
  const { name, action, priority, log } = input;
  const peers: { sources: Peer[]; destinations: Peer[] } = { sources: [], destinations: [] };
  for (const side of sides) {
    for (const [index, one] of input[side].entries()) {
      const peer = await peerOf(one, `${side}.${index}`, asking);
      if (isFault(peer)) return peer;
      peers[side].push(peer);
    }
  }
  const traffic = trafficOf(input);
  if (isFault(traffic)) return traffic;
  return { name, definition: { action, priority, log, traffic, from: peers.sources, to: peers.destinations } };
}

const orderOf = (data: Peer | Rejection, expectedVersion: number | null): Order | Rejection =>
  isFault(data) ? data : { tenant: PLATFORM, data, expectedVersion };

/** A field of the command, in the words of the input. */
function told(field: string, input: unknown): string {
  const [first, part, index, ...rest] = field.split('.');
  if (first !== 'definition') return field;
  if (part !== 'from' && part !== 'to') return field.slice('definition.'.length);
  const side = part === 'from' ? 'sources' : 'destinations';
  if (index === undefined) return side;
  const inCidr = rest.length > 0 && Boolean((input as PlatformInput)[side][Number(index)]?.cidr);
  return [side, index, ...(inCidr ? ['cidr'] : []), ...rest].join('.');
}

const ids = sides.map((side) => `${side}.tenantId`);
const noPolicy = reject('NOT_FOUND', 'There is no such policy of the platform.', 'platformPolicyId');

const createPlatformPolicy = mutation<Keyed & PlatformInput>({
  touches: 'platform',
  wide: ids,
  context: 'network',
  command: 'CreatePlatformPolicy',
  rows: { platformPolicy: 'platformPolicyId' },
  told,
  order: async (input, asking) => orderOf(await dataOf(input, asking), null),
});

interface OfPolicy extends Versioned {
  readonly platformPolicyId: string;
}

const updatePlatformPolicy = mutation<OfPolicy & PlatformInput>({
  touches: 'platform',
  wide: ['platformPolicyId', ...ids],
  context: 'network',
  command: 'UpdatePlatformPolicy',
  rows: { platformPolicy: 'platformPolicyId' },
  told,
  async order(input, asking) {
    const { platformPolicyId, expectedVersion } = input;
    if (idKind(platformPolicyId) !== 'platformPolicy') return noPolicy;
    const data = await dataOf(input, asking);
    return orderOf(isFault(data) ? data : { platformPolicyId, ...data }, expectedVersion ?? null);
  },
});

const deletePlatformPolicy = mutation<OfPolicy>({
  touches: 'platform',
  wide: ['platformPolicyId'],
  context: 'network',
  command: 'DeletePlatformPolicy',
  rows: {},
  order({ platformPolicyId, expectedVersion }) {
    if (idKind(platformPolicyId) !== 'platformPolicy') return noPolicy;
    const order = orderOf({ platformPolicyId }, expectedVersion ?? null);
    return isRejection(order) ? order : { ...order, shown: (result) => ({ deletedId: result.platformPolicyId }) };
  },
});

export const platformPolicyMutations = { createPlatformPolicy, updatePlatformPolicy, deletePlatformPolicy };
