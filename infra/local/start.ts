/** The local platform: all its parts, put together and supervised. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cliClient, portalClient } from '../issuer/config.ts';
import { ensureDataKeys } from './data-keys.ts';
import { dockerSpec } from './docker.ts';
import { emptyHome, type Home, openHome } from './home.ts';
import { recordChildren, stopLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { seedUsers, usersOf, writeLogin } from './login.ts';
import { type MachineNetwork, takeMachineNetwork } from './machine-network.ts';
import { externalNats, type Nats, ownNats } from './nats.ts';
import { agentName, agentSpec, cleanUpNode, type LocalNode, openNodes } from './nodes.ts';
import type { StartOptions } from './options.ts';
import { openPorts } from './ports.ts';
import { type Database, embeddedDatabase, externalDatabase } from './postgres.ts';
import { findProgram } from './programs.ts';
import { seedPublicRange } from './public-range.ts';
import { type Ready, removeReady, writeReady } from './ready.ts';
import { registrySpec } from './registry.ts';
import { removeOthersRemains, removeRemains } from './remains.ts';
import { chooseRuntime, type Runtime } from './runtime.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import { adminOf, developerOf, ownerOf, seededTenants, seedStages, seedTenants, viewerOf } from './seed.ts';
import { removeSegment } from './segment.ts';
import { contextSpecs, gatewaySpec, issuerSpec } from './services.ts';
import { createSupervisor, type ProcessSpec } from './supervisor.ts';
import { ensureSigningKey, openIssuer } from './tokens.ts';
import { startTraceReceiver, type TraceReceiver } from './trace-receiver.ts';

export interface Platform {
  readonly ready: Ready;
  /** Pages by the name of the process. */
  readonly healthPages: Readonly<Record<string, string>>;
  readonly publicUrl: string;
}

export interface Starting {
  /** Resolves when everything is ready; rejects where it can't be started. */
  readonly platform: Promise<Platform>;
  /** Stops everything, in order; also while it is starting. */
  stop(): Promise<void>;
}

const usualPort = 4000;

interface Parts {
  readonly home: Home;
  readonly secrets: Secrets;
  readonly database: Database;
  readonly nats: Nats;
  readonly runtime: Runtime;
  readonly nodes: readonly LocalNode[];
  /** host:port of the registry, and the process that serves it unless it runs without us. */
  readonly registry: { readonly address: string; readonly spec: ProcessSpec | null } | null;
  readonly gatewayPort: number;
  readonly loginPort: number;
  readonly healthPorts: ReadonlyMap<string, number>;
}

function needFor(program: string, what: string): string {
  const path = findProgram(program);
  if (!path) throw new Error(`${program} is missing (${what}). Install it; \`npm start\` as root does so on Debian.`);
  return path;
}

async function openRegistry(home: Home, port: () => Promise<number>, secrets: Secrets): Promise<Parts['registry']> {
  const given = process.env.ATOLL_REGISTRY;
  if (given) return { address: given, spec: null };
  const program = findProgram('docker-registry', 'registry');
  if (!program) return null;
  const chosen = await port();
  return { address: `127.0.0.1:${chosen}`, spec: registrySpec(home, chosen, program, secrets) };
}

interface Chosen {
  readonly runtime: Runtime;
  readonly nodes: readonly LocalNode[];
  /** Also those that are not to run. */
  readonly known: readonly LocalNode[];
}

async function choose(home: Home, options: StartOptions, { runtime, nodes, known }: Chosen) {
  const ports = openPorts(home.ports);
  const secrets = openSecrets(home.secrets);
  const gatewayPort =
    options.port === null ? await ports.take('gateway', usualPort) : await ports.exactly('gateway', options.port);

  const databaseUrl = process.env.ATOLL_DATABASE_URL;
  const natsUrl = process.env.ATOLL_NATS_URL;
  if (!natsUrl) needFor('nats-server', 'the message transport; or set ATOLL_NATS_URL');

  const names = ['tenancy', 'deploy', 'network', 'issuer', 'gateway', ...nodes.map(agentName)];
  const healthPorts = new Map<string, number>();
  for (const name of names) healthPorts.set(name, await ports.take(`health:${name}`));

  const parts: Parts = {
    home,
    secrets,
    database: databaseUrl
      ? await externalDatabase(databaseUrl, secrets)
      : embeddedDatabase(home, await ports.take('postgres'), secrets),
    nats: natsUrl
      ? externalNats(natsUrl)
      : ownNats(
          home,
          await ports.take('nats'),
          known.map((node) => node.id),
          secrets,
        ),
    runtime,
    nodes,
    registry: await openRegistry(home, () => ports.take('registry'), secrets),
    gatewayPort,
    loginPort: await ports.take('login'),
    healthPorts,
  };
  return parts;
}

const loginUrl = ({ loginPort }: Parts) => `http://127.0.0.1:${loginPort}`;

const agentOptions = (parts: Parts, node: LocalNode) => ({
  home: parts.home,
  node,
  runtime: parts.runtime,
  natsUrl: parts.nats.userUrl(node.id),
  healthPort: parts.healthPorts.get(agentName(node)) ?? 0,
  share: parts.nodes.length,
});

async function cleanUpNodes(parts: Parts, nodes: readonly LocalNode[]): Promise<void> {
  for (const node of nodes) await cleanUpNode(agentOptions(parts, node));
}

/** `abandoned`: nodes of a killed platform that are not to run; their remains are removed once the Engine runs. */
function specsOf(parts: Parts, publicUrl: string, abandoned: readonly LocalNode[]): readonly ProcessSpec[] {
  const { home, database, nats, runtime, nodes, registry, healthPorts } = parts;
  const healthPort = (name: string) => healthPorts.get(name) ?? 0;
  // Without nodes there is nothing for it to run.
  const engine = runtime.kind === 'docker' && runtime.own && nodes.length + abandoned.length > 0 ? runtime : null;
  const docker = engine ? { ...dockerSpec(home, engine.program), prepare: () => cleanUpNodes(parts, abandoned) } : null;

  const servers = [database.spec, nats.spec, registry?.spec ?? null, docker].filter((spec) => spec !== null);
  const stores = [database.spec, nats.spec].flatMap((spec) => (spec ? [spec.name] : []));
  const further = process.env.ATOLL_REGISTRIES?.split(',').filter((address) => address !== '') ?? [];
  const registries = [...(registry ? [registry.address] : []), ...further];
  const contexts = contextSpecs({ database, nats, healthPort, needs: stores }, { registries, dataKeys: home.dataKeys });
  const gateway = gatewaySpec(
    { database, nats, healthPort, needs: contexts.map((spec) => spec.name) },
    {
      ...{ port: parts.gatewayPort, publicUrl },
      ...{ issuerKeyFile: home.issuerKey, logKeyFile: home.logKey, logHeadsFile: home.logHeads },
    },
  );
  const issuer = issuerSpec(
    { database, nats, healthPort, needs: database.spec ? [database.spec.name] : [] },
    { port: parts.loginPort, url: loginUrl(parts), loginFile: home.login },
  );
  const underneath = [
    ...(docker ? [docker.name] : []),
    ...(registry?.spec ? [registry.spec.name] : []),
    'deploy',
    'network',
  ];
  return [
    ...servers,
    ...contexts,
    issuer,
    gateway,
    ...nodes.map((node) => agentSpec(agentOptions(parts, node), underneath)),
  ];
}

async function makeReady(parts: Parts, publicUrl: string, processes: Ready['processes']): Promise<Ready> {
  const sign = await openIssuer(parts.home.issuerKey, publicUrl);
  const graphqlUrl = `${publicUrl}/graphql`;
  const operator = await sign({ subject: 'operator' });
  const ids = await seedTenants({ url: graphqlUrl, token: operator });
  const users = await seedUsers({
    url: graphqlUrl,
    operator,
    tenants: ids,
    sign,
    issuer: loginUrl(parts),
    users: usersOf(parts.secrets),
  });
  const [demo] = seededTenants;
  const demoToken = await sign({ subject: adminOf(demo), tenant: ids.get(demo) ?? '' });
  await seedStages({ url: graphqlUrl, token: demoToken });
  if (parts.runtime.kind === 'docker')
    await seedPublicRange({ url: graphqlUrl, token: operator }, parts.home, parts.nodes);
  const [first] = parts.nodes;
  return {
    graphqlUrl,
    subscriptionsUrl: graphqlUrl.replace(/^http/, 'ws'),
    tokens: {
      operator,
      tenants: await Promise.all(
        seededTenants.map(async (name) => {
          const id = ids.get(name) ?? '';
          return {
            id,
            name,
            owner: await sign({ subject: ownerOf(name), tenant: id }),
            admin: await sign({ subject: adminOf(name), tenant: id }),
            developer: await sign({ subject: developerOf(name), tenant: id }),
            viewer: await sign({ subject: viewerOf(name), tenant: id }),
          };
        }),
      ),
    },
    login: { issuer: loginUrl(parts), clientId: cliClient, portalClientId: portalClient, users },
    databaseUrl: parts.database.adminUrl,
    natsUrl: parts.nats.adminUrl,
    processes,
    node: first ? { name: first.name, runtime: parts.runtime.kind } : null,
    registry: parts.registry?.address ?? null,
  };
}

const tracesTo = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** Every process inherits where its spans go (environment.ts). */
async function receiveTraces(home: Home): Promise<TraceReceiver> {
  if (process.env[tracesTo]) {
    throw new Error(`--traces keeps traces in the home, and ${tracesTo} sends them elsewhere: use one of them.`);
  }
  const port = await openPorts(home.ports).take('traces');
  const receiver = await startTraceReceiver({ port, path: join(home.traces, 'spans.ndjson') });
  process.env[tracesTo] = receiver.endpoint;
  // Whoever looks at a trace here wants to see it now.
  process.env.OTEL_BSP_SCHEDULE_DELAY ??= '300';
  return receiver;
}

/** Begins to start the platform. Throws where it runs already. */
export function startPlatform(options: StartOptions, say: (line: string) => void): Starting {
  const home = openHome(options.home);
  const lock = takeLock(home.lock);
  if (!lock.taken) {
    throw new Error(
      `Atoll runs on this home already (${home.path}, process ${lock.holder.pid}). ` +
        `Use it (${home.ready}), stop it, or give another --home.`,
    );
  }
  const { release } = lock;
  const aborted = new AbortController();
  let supervisor: ReturnType<typeof createSupervisor> | undefined;
  let cleanOutside = async () => {};
  let traces: TraceReceiver | undefined;
  let machine: MachineNetwork | null = null;

  async function start(): Promise<Platform> {
    removeReady(home.ready);
    const { stopped, unclean } = await stopLeftovers(home.children);
    if (stopped.length > 0) say(`Stopped what an earlier start left running: ${stopped.join(', ')}`);
    if (options.reset) {
      if (unclean && (await removeRemains(home))) say('Removed what the nodes had left on this machine.');
      emptyHome(home);
      say('Threw away all earlier state.');
    }
    mkdirSync(home.runDir, { recursive: true, mode: 0o700 });
    if (options.traces) traces = await receiveTraces(home);
    const runtime = await chooseRuntime(home, process.env.ATOLL_RUNTIME);
    if (runtime.kind === 'docker' && options.nodes > 0) {
      machine = await takeMachineNetwork(home.path, async (other) => {
        await removeOthersRemains(other);
        say(`Removed what the nodes of a killed platform (${other}) had left on this machine.`);
      });
    }
    const { wanted, known } = openNodes(home, options.nodes, machine?.taken === false);
    const abandoned = unclean && !options.reset ? known.filter((node) => !wanted.includes(node)) : [];
    const parts = await choose(home, options, { runtime, nodes: wanted, known });
    announce(parts, machine, say);
    // With an Engine of our own it waits until that runs.
    if (parts.runtime.kind === 'docker' && !parts.runtime.own) await cleanUpNodes(parts, abandoned);
    const publicUrl = `http://127.0.0.1:${parts.gatewayPort}`;
    await ensureSigningKey(home.issuerKey);
    await ensureSigningKey(home.logKey);
    ensureDataKeys(home.dataKeys);
    await writeLogin(home.login, parts.secrets, publicUrl);
    let ready: Ready | undefined;
    aborted.signal.throwIfAborted();
    supervisor = createSupervisor({
      specs: specsOf(parts, publicUrl, abandoned),
      logs: home.logs,
      say,
      onChange(processes) {
        recordChildren(home.children, processes);
        if (!ready || processes.length === 0) return;
        ready = { ...ready, processes };
        writeReady(home.ready, ready);
      },
    });
    // What an earlier start with more nodes has left, with nobody to use it.
    if (wanted.length < 2) await removeSegment(home);
    cleanOutside = async () => {
      await removeSegment(home);
      rmSync(home.runDir, { recursive: true, force: true });
    };
    await supervisor.start();
    ready = await makeReady(parts, publicUrl, supervisor.processes());
    aborted.signal.throwIfAborted();
    ready = { ...ready, processes: supervisor.processes() };
    writeReady(home.ready, ready);
    const healthPages = [...parts.healthPorts].map(
      ([name, port]) => [name, `http://127.0.0.1:${port}/readyz`] as const,
    );
    return { ready, publicUrl, healthPages: Object.fromEntries(healthPages) };
  }

  const platform = start();
  // Who only stops it doesn't look at it.
  platform.catch(() => {});
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    aborted.abort(new Error('Stopped while starting.'));
    removeReady(home.ready);
    await supervisor?.stop();
    await platform.catch(() => {});
    await traces?.stop();
    removeReady(home.ready);
    await cleanOutside();
    if (machine?.taken) machine.release();
    release();
  }
  return {
    platform,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function announce(
  { runtime, nodes, registry }: Parts,
  machine: MachineNetwork | null,
  say: (line: string) => void,
): void {
  if (process.env.ATOLL_NATS_URL) {
    say('Using the NATS server of ATOLL_NATS_URL, with its one user for all: nodes are not kept apart there.');
  }
  if (!registry) {
    say('There is no image registry: no docker-registry is installed, and ATOLL_REGISTRY is not set.');
  }
  if (nodes.length === 0) return;
  if (runtime.kind === 'simulated') {
    say(`SIMULATED: no container runs and no packet flows on this machine, because ${runtime.reason}.`);
  } else if (runtime.own) say('Containers: a private Docker Engine of this home.');
  else say(`Containers: the Docker Engine of this machine (${runtime.socket}).`);
  if (machine?.taken === false) {
    say(`node-1 has a network namespace of its own, with no way out of this machine: ${machine.reason}.`);
  }
}
