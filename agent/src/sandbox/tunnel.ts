/** The tunnel in the kernel: observe → plan → apply → observe. Everything on the device is this node's. */
import type { DesiredNetwork, RemoteNode } from '@atoll/schema/node/network';
import { ExecError } from '@atoll/service/exec';
import type { Logger } from '@atoll/service/log';
import { isDone, planTunnel } from '../plan/tunnel.ts';
import type { NodeNames } from '../render/names.ts';
import { canonicalMember } from '../render/set.ts';
import { absent, fixedOf, type TunnelState, tunnelSysctls, type Underlay, wantedTunnel } from '../render/tunnel.ts';
import type { NodeCommands } from './commands.ts';
import { routeProtocol } from './host.ts';
import { ensureWayBack } from './way-back.ts';

export interface Tunnel {
  /** Makes exactly these nodes and their endpoints reachable, and repairs what others changed. Null: none. */
  ensure(own: Underlay | null, remotes: readonly RemoteNode[]): Promise<void>;
  /** Has answers to clients outside go back by the node that they came by. After `ensure`. Null: there are none. */
  leadBack(document: Pick<DesiredNetwork, 'rules' | 'pools'> | null): Promise<void>;
  /** Removes everything of this node's. */
  clear(): Promise<void>;
}

const rounds = 3;
const defaultPort = 4789;

interface LinkRow {
  readonly ifname?: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly linkinfo?: {
    readonly info_data?: {
      readonly id?: number;
      readonly local?: string;
      readonly local6?: string;
      readonly port?: number;
      readonly learning?: boolean;
    };
  };
}
interface NeighbourRow {
  readonly dst: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}
interface EndRow {
  readonly mac: string;
  readonly dst?: string;
  readonly port?: number;
}
interface RouteRow {
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly metric?: number;
}

export function vxlanTunnel(options: { commands: NodeCommands; names: NodeNames; log: Logger }): Tunnel {
  const { commands, names, log } = options;
  const dev = names.tunnel;
  /** No way leads back, as this process has seen itself. */
  let noWayBack = false;

  async function ask<Row>(command: string, args: readonly string[]): Promise<Row[]> {
    const { stdout } = await commands.run(command, args);
    return JSON.parse(stdout || '[]') as Row[];
  }

  async function observe(port: number): Promise<TunnelState> {
    const links = await ask<LinkRow>('ip', ['-d', '-j', 'link', 'show', 'type', 'vxlan']);
    const link = links.find((one) => one.ifname === dev);
    if (link === undefined) return absent;
    const [neighbours, ends, ...routes] = await Promise.all([
      ask<NeighbourRow>('ip', ['-j', '-6', 'neigh', 'show', 'dev', dev]),
      ask<EndRow>('bridge', ['-j', 'fdb', 'show', 'dev', dev]),
      ...['-4', '-6'].map((family) =>
        ask<RouteRow>('ip', ['-j', family, 'route', 'show', 'dev', dev, 'proto', routeProtocol]),
      ),
    ]);
    const { id = 0, local, local6, port: at = defaultPort, learning = true } = link.linkinfo?.info_data ?? {};
    return {
      link: {
        fixed: fixedOf({ id, address: local ?? local6 ?? '', port: at, learning }),
        mac: link.address ?? '',
        mtu: link.mtu ?? 0,
        up: link.flags?.includes('UP') ?? false,
      },
      neighbours: new Map(
        // One that isn't permanent would be asked for anew: it counts as wrong.
        neighbours.map(({ dst, lladdr = '', state }) => [
          canonicalMember(dst),
          state?.includes('PERMANENT') ? lladdr : '',
        ]),
      ),
      ends: new Map(ends.map((row) => [row.mac, `${canonicalMember(row.dst ?? '::')} ${row.port ?? port}`])),
      routes: new Map(
        routes
          .flat()
          .map((row) => [
            canonicalMember(row.dst),
            row.metric === names.routeMetric ? canonicalMember(row.via?.host ?? row.gateway ?? '::') : '',
          ]),
      ),
    };
  }

  const batch = async (command: string, lines: readonly string[]) => {
    if (lines.length > 0) await commands.run(command, ['-batch', '-'], `${lines.join('\n')}\n`);
  };

  async function apply(plan: ReturnType<typeof planTunnel>): Promise<void> {
    await batch('ip', plan.link);
    if (plan.isNew) {
      await commands.run('sysctl', ['-q', '-w', ...tunnelSysctls(names)]);
      await batch('ip', [`link set ${dev} addrgenmode none`, `link set ${dev} up`]);
    }
    // Where packets go before anything leads there.
    await batch('bridge', plan.bridge);
    await batch('ip', plan.ip);
  }

  return {
    async ensure(own, remotes) {
      const wanted = wantedTunnel(own, remotes);
      for (let round = 1; ; round++) {
        const plan = planTunnel(names, own, wanted, await observe(own?.port ?? defaultPort));
        if (isDone(plan)) return;
        const lines = [...plan.link, ...plan.bridge, ...plan.ip];
        if (round > rounds) throw new Error(`the tunnel between nodes didn't take: ${lines.slice(0, 5).join('; ')}`);
        log.info({ count: lines.length, first: lines[0] }, 'changing the tunnel between nodes');
        try {
          await apply(plan);
        } catch (error) {
          // What was looked at may have changed since.
          if (!(error instanceof ExecError) || round > 1) throw error;
        }
      }
    },
    async leadBack(document) {
      const none = document === null || document.rules.entrances.length === 0;
      if (none && noWayBack) return;
      noWayBack = false;
      await ensureWayBack(commands, names, document);
      noWayBack = none;
    },
    async clear() {
      await ensureWayBack(commands, names, null);
      const { link } = await observe(defaultPort);
      if (link !== null) await batch('ip', [`link del ${dev}`]);
    },
  };
}

/** Of the simulated runtime. */
export const noTunnel: Tunnel = { async ensure() {}, async leadBack() {}, async clear() {} };
