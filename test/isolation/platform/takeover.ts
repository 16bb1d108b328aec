/**
 * How long a public address answers nobody after the node that answers for it has died: its agent stands still, and it is cut off from
 * the outside and from the other nodes. Clients outside are on one segment with all nodes.
 */

import { commandsIn } from '@atoll/agent/sandbox/commands';
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import { type Lab, outcomes, until } from '../../../agent/test/lab.ts';
import { operatorOf } from '../../platform/clients.ts';
import { variableOf } from '../../platform/host.ts';
import type { Cluster } from './cluster.ts';

/** Of every node; set for all agents by `publicInterface` (ATOLL_PUBLIC_INTERFACE). */
export const publicInterface = 'out0';
const range = '198.51.100.64/28';
const port = 443;
const client = '198.51.100.9/24';
const patienceMs = 180_000;
/** So many connections in a row: instances of the dead node are behind the address no longer. */
const allWell = 20;

export interface Takeover {
  /** From the death until a new connection from outside was taken again. */
  readonly firstMs: number;
  /** From the death until no new connection failed any more. */
  readonly wellMs: number;
}

interface NodeOf {
  readonly agent: string;
  readonly netns: string;
  readonly mac: string;
}

export async function measureTakeover({ platform, spaces }: Cluster, lab: Lab): Promise<Takeover> {
  const [space] = spaces;
  if (space === undefined) throw new Error('there is a space');
  const { admin, namespaceId, service } = space;
  const internet = await lab.namespace('internet');
  await commandsIn(internet).run('ip', ['-batch', '-'], 'link add br0 type bridge\nlink set br0 up');
  async function plug(netns: string, number: number, address: string): Promise<string> {
    const mac = `02:00:5e:00:54:0${number}`;
    const wire = `link add port${number} type veth peer name ${publicInterface} address ${mac} netns ${netns}`;
    await commandsIn(internet).run('ip', ['-batch', '-'], `${wire}\nlink set port${number} master br0 up\n`);
    const own = `link set ${publicInterface} up\naddr add ${address} dev ${publicInterface}\n`;
    await commandsIn(netns).run('ip', ['-batch', '-'], own);
    return mac;
  }
  const nodes: NodeOf[] = [];
  for (const number of [1, 2, 3]) {
    const agent = `agent-${number}`;
    const netns = variableOf(platform.pidOf(agent), 'ATOLL_NODE_NETNS') ?? `/proc/${process.pid}/ns/net`;
    nodes.push({ agent, netns, mac: await plug(netns, number, `198.51.100.${number}/24`) });
  }
  const outside = await lab.namespace('client');
  await plug(outside, 9, client);
  const peer = lab.peer(outside);

  await operatorOf(platform.ready).mutate.addAddressRange({ purpose: 'PUBLIC', cidr: range });
  const { publicAddress } = await admin.mutate.allocatePublicAddress({ namespaceId, name: 'web' });
  const address = publicAddress?.address ?? '';
  const publicAddressId = publicAddress?.id ?? '';
  await admin.mutate.createPortMapping({ publicAddressId, port, serviceId: service.serviceId, targetPort: 80 });
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId, name: 'outside' },
    ...{ sources: [{ cidr: { cidr: '198.51.100.0/24' } }], destinations: [{ instances: { namespaceId, labels: [] } }] },
    traffic: [{ protocol: 'TCP', from: HTTP_PORT }],
  });
  const connects = async () => (await outcomes({ netns: outside, peer }, [{ address, port }]))[0] === 'CONNECTED';
  const isWell = async () => {
    for (let count = 0; count < allWell; count++) if (!(await connects())) return false;
    return true;
  };
  await until('the address is answered for', isWell, patienceMs);

  const { stdout } = await commandsIn(outside).run('ip', ['-j', 'neigh', 'show', address]);
  const [neighbour] = JSON.parse(stdout) as { lladdr?: string }[];
  const holder = nodes.find(({ mac }) => mac === neighbour?.lladdr);
  if (holder === undefined) throw new Error(`${address} is answered for by ${neighbour?.lladdr}, which is no node`);
  const pid = platform.pidOf(holder.agent);
  const lan = variableOf(platform.pidOf('agent-2'), 'ATOLL_NODE_NETNS')?.match(/atoll-[0-9a-f]{8}/)?.[0] ?? '';
  const links = async (state: 'up' | 'down') => {
    for (const device of [publicInterface, lan]) {
      await commandsIn(holder.netns).run('ip', ['link', 'set', device, state]);
    }
  };
  const died = performance.now();
  process.kill(pid, 'SIGSTOP');
  try {
    await links('down');
    await until('another node answers', connects, patienceMs);
    const firstMs = performance.now() - died;
    let wellFrom = performance.now();
    await until(
      'every connection is taken',
      async () => {
        wellFrom = performance.now();
        return isWell();
      },
      patienceMs,
    );
    return { firstMs, wellMs: wellFrom - died };
  } finally {
    process.kill(pid, 'SIGCONT');
    await links('up');
  }
}
