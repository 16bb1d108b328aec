/** What a node is made of, by its kind: everything that touches the machine. */
import type { Logger } from '@atoll/service/log';
import type { NodeConfig } from '../config.ts';
import { type ConnectionLogKeeper, keepConnectionLog, noConnectionLog } from '../connection-log/keep.ts';
import { keepNames, type NameKeeper, noNames } from '../names/keep.ts';
import type { ProbeResult, ProbeTarget } from '../probe/probe.ts';
import { probeFrom } from '../probe/prober.ts';
import { loopback, type NodeNames, nodeNames } from '../render/names.ts';
import type { RuleBackend } from '../rules/backend.ts';
import { iptablesRules } from '../rules/iptables.ts';
import { simulatedRules } from '../rules/simulated.ts';
import { dockerRuntime } from '../runtimes/docker/runtime.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { simulatedRuntime } from '../runtimes/simulated.ts';
import { commandsIn } from '../sandbox/commands.ts';
import { simulatedWiring } from '../sandbox/simulated.ts';
import { noTunnel, type Tunnel, vxlanTunnel } from '../sandbox/tunnel.ts';
import { noUnderlay, openUnderlay, type UnderlaySource } from '../sandbox/underlay.ts';
import { routedWiring, type Wiring } from '../sandbox/wiring.ts';

export interface NodeBackend {
  readonly names: NodeNames;
  readonly runtime: Runtime;
  readonly wiring: Wiring;
  readonly rules: RuleBackend;
  /** The node's end of the tunnel to others. */
  readonly underlay: UnderlaySource;
  readonly nameServer: NameKeeper;
  readonly connectionLog: ConnectionLogKeeper;
  readonly tunnel: Tunnel;
  /** Connections from the node to its pods. */
  readonly probeAll: (targets: readonly ProbeTarget[]) => Promise<ProbeResult[]>;
}

export function openBackend(config: NodeConfig, log: Logger): NodeBackend {
  const bounds = { connections: config.ATOLL_POD_CONNECTIONS, newPerSecond: config.ATOLL_POD_NEW_CONNECTIONS };
  const reach = config.ATOLL_PUBLIC_INTERFACE === loopback ? 'machine' : 'everywhere';
  const names = nodeNames(config.ATOLL_NODE_ID, config.ATOLL_TUNNEL_PORT, bounds, reach);
  const stateDir = config.ATOLL_STATE_DIR;
  switch (config.ATOLL_RUNTIME) {
    case 'docker': {
      const netns = config.ATOLL_NODE_NETNS ?? null;
      const commands = commandsIn(netns);
      const connected = config.ATOLL_OVERLAY === 'vxlan';
      const { ATOLL_NODE_ADDRESS: address, ATOLL_TUNNEL_PORT: port } = config;
      const underlay = connected ? openUnderlay({ commands, address, port, stateDir, log }) : noUnderlay;
      const docker = { socketPath: config.ATOLL_DOCKER_SOCKET, node: config.ATOLL_NODE_ID, stateDir, log };
      return {
        names,
        runtime: dockerRuntime(docker),
        wiring: routedWiring(commands, names, underlay.podMtu),
        rules: iptablesRules({
          ...{ commands, names, stateDir, log },
          // Nobody is told of what the machine alone reaches.
          publicInterface: reach === 'machine' ? undefined : config.ATOLL_PUBLIC_INTERFACE,
        }),
        underlay,
        tunnel: vxlanTunnel({ commands, names, log }),
        nameServer: keepNames({
          stateDir,
          netns,
          port: names.namesPort,
          upstream: config.ATOLL_DNS_UPSTREAM ?? null,
          log,
        }),
        connectionLog: keepConnectionLog({ stateDir, netns, names, log }),
        probeAll: (targets) => probeFrom(netns, targets),
      };
    }
    case 'simulated':
      return {
        names,
        runtime: simulatedRuntime({ stateDir, log }),
        wiring: simulatedWiring(),
        rules: simulatedRules(names),
        underlay: noUnderlay,
        tunnel: noTunnel,
        nameServer: noNames,
        connectionLog: noConnectionLog(),
        probeAll: async (targets) =>
          // Nothing runs that could fail: a process that was started is ready.
          targets.map(({ protocol }) => ({
            outcome: 'CONNECTED',
            millis: 0,
            httpStatus: protocol === 'HTTP' ? 200 : null,
            httpBody: null,
          })),
      };
    default:
      return config.ATOLL_RUNTIME satisfies never;
  }
}
