/** The gateway, wired: the read models, the engine, and the ways in. */
import type { AddressInfo } from 'node:net';
import { engineMigrations } from '@atoll/events/migrations';
import { createCommandClient } from '@atoll/service/commands';
import type { ReadinessCheck } from '@atoll/service/health';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, natsReadiness } from '@atoll/service/nats';
import { checkServer, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { createAccessFields, permissionsField } from './access/fields.ts';
import { createLocator } from './access/locate.ts';
import { chainExisting } from './audit/chain-existing.ts';
import { createCounted } from './audit/counted.ts';
import type { HeadSigner } from './audit/head-signer.ts';
import { keepHeads } from './audit/keep-heads.ts';
import { createMutationAudit } from './audit/mutations.ts';
import { createPast } from './audit/past.ts';
import { createAuditLogField, createLogHeadField } from './audit/query.ts';
import { startReconciliation } from './audit/reconcile.ts';
import { createRecorder, unrecorded } from './audit/recorder.ts';
import { createSignIns } from './audit/sign-ins.ts';
import { createStrangers } from './audit/strangers.ts';
import { createApiKeys } from './auth/api-keys.ts';
import { createAuthenticator } from './auth/authenticate.ts';
import { createFederated } from './auth/federated.ts';
import { createFetchJson, type PrivateIssuers } from './auth/fetch-json.ts';
import { tenantOfInvitation } from './auth/invitations.ts';
import type { Issuer } from './auth/issuer.ts';
import { createIssuerProblem } from './auth/issuer-problem.ts';
import { createKeySets, type KeySetTimes } from './auth/key-sets.ts';
import { createTokenEndpoint, tokenPath } from './auth/oauth.ts';
import { createRegistrations } from './auth/registrations.ts';
import { createServiceAccounts } from './auth/service-accounts.ts';
import { createTokens } from './auth/tokens.ts';
import { createUses } from './auth/uses.ts';
import { createViewers } from './auth/viewers.ts';
import { tellAccess, watchAccess } from './auth/watch.ts';
import { createBudget } from './budget.ts';
import { createDocuments } from './graphql/documents.ts';
import { createEngine } from './graphql/engine.ts';
import { createTeller } from './graphql/tell.ts';
import { startApollo } from './http/apollo.ts';
import { createApp } from './http/app.ts';
import { serveLogExport } from './http/log-export.ts';
import { serveSockets } from './http/sockets.ts';
import { addressUse } from './live/address-use.ts';
import { createAddressUseLoader } from './live/address-use-loader.ts';
import { createBatchPreview } from './live/batch-preview.ts';
import { createConnectionLogField, createPlatformConnectionLogField } from './live/connection-log.ts';
import { createDeletionPlan } from './live/deletion-plan.ts';
import { createNamespaceEnforcement, platformEnforcementField, policyEnforcementField } from './live/enforcement.ts';
import { createEnforcementLoader } from './live/enforcement-loader.ts';
import { platformFlowsField, policyFlowsField } from './live/flows.ts';
import { createFlowsLoader, createPlatformFlowsLoader } from './live/flows-loader.ts';
import { lastSeenField } from './live/heard.ts';
import { createHeardLoader } from './live/heard-loader.ts';
import { createImageRuleViolations } from './live/image-rule-violations.ts';
import { createReachabilityMatrix } from './live/matrix.ts';
import { nodeRulesField } from './live/node-rules.ts';
import { createPlacementPreview } from './live/placement-preview.ts';
import { createPlatformEnforcementLoader } from './live/platform-enforcement-loader.ts';
import { createPolicyWarnings } from './live/policy-warnings.ts';
import { createProbe } from './live/probe.ts';
import { instanceProcesses } from './live/processes.ts';
import { createProcessesLoader } from './live/processes-loader.ts';
import { createReachability } from './live/reachability.ts';
import { type LiveResolvers, liveProblems } from './live/resolvers.ts';
import { createSharedNodes } from './live/shared-nodes.ts';
import { createSharedNodesLoader } from './live/shared-nodes-loader.ts';
import { createStandingsLoader } from './live/standings-loader.ts';
import { nodeTunnelField } from './live/tunnels.ts';
import { createTunnelsLoader } from './live/tunnels-loader.ts';
import { viewerField } from './live/viewer.ts';
import { createWarningsLoader } from './live/warnings-loader.ts';
import { createLogHub } from './log/hub.ts';
import { createEventCursorField, createEventsField } from './log/query.ts';
import { createLogReader } from './log/read.ts';
import { createSubscriptions } from './log/subscriptions.ts';
import { hearWakes, tellWakes } from './log/wake.ts';
import { createAskLogs } from './logs/ask.ts';
import { createLogFields } from './logs/query.ts';
import { createLogSubscriptions } from './logs/subscription.ts';
import { createLogTargets } from './logs/targets.ts';
import { readMigrations, readSchema } from './migrations.ts';
import { mutationProblems } from './mutations/registry.ts';
import { createMutationRunner } from './mutations/run.ts';
import { changedAccess } from './project/access-changes.ts';
import { startProjections } from './project/projections.ts';
import { serveRemains } from './project/remains.ts';
import { createCompiler } from './read/compile/compile.ts';
import { createReader } from './read/reader.ts';
import { capabilityProblems, createTenantSchemas } from './schema/capability.ts';
import { loadDocument, loadSchema } from './schema/load.ts';
import { createModel } from './schema/model.ts';
import { schemaProblems } from './schema/problems.ts';
import { createDeploymentUsage, createUsageHistory, instanceUsage } from './usage/fields.ts';
import { createUsageLoader } from './usage/loader.ts';

export interface GatewayOptions {
  /** Of the owner of the schema `read`. */
  readonly owner: Pool;
  /** Of atoll_reader. */
  readonly reader: Pool;
  readonly nc: NatsConnection;
  readonly issuer: Issuer;
  /** False only to measure what it costs: see ATOLL_AUDIT. */
  readonly audited: boolean;
  /** Signs the ends of the logs. */
  readonly heads: HeadSigner;
  /** Where they are kept outside the database; null: nowhere. */
  readonly headsFile: string | null;
  readonly headsMs: number;
  readonly host: string;
  readonly port: number;
  readonly requestPoints: number;
  readonly tenantPointsPerMinute: number;
  /** How long a subscriber may leave what it was sent lying. */
  readonly slowSocketMs: number;
  /** How many sockets a tenant may have open at once. */
  readonly socketsPerTenant: number;
  /** Which addresses issuers may have that aren't public. */
  readonly privateIssuers: PrivateIssuers;
  /** Where not the usual ones. */
  readonly keySetTimes?: KeySetTimes;
  readonly log: Logger;
}

export interface Gateway {
  readonly port: number;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** Takes no new requests, ends the open ones, then stops projecting. */
  stop(): Promise<void>;
}

/** Ends a part; those that began last end first. */
type Stop = () => Promise<void> | void;

async function stopAll(stops: Stop[]): Promise<void> {
  for (let next = stops.pop(); next; next = stops.pop()) await next();
}

/** Where it can't start, nothing of it goes on. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const stops: Stop[] = [];
  try {
    return await start(options, stops);
  } catch (error) {
    await stopAll(stops).catch((problem: unknown) => options.log.warn({ err: problem }, 'did not stop in order'));
    throw error;
  }
}

async function start(options: GatewayOptions, stops: Stop[]): Promise<Gateway> {
  const { owner, nc, issuer, heads, log } = options;

  const sdl = loadDocument();
  const schema = loadSchema(sdl);
  const tenantSchemas = createTenantSchemas(sdl, schema);
  const reader = createReader(options.reader);
  const locator = createLocator(reader);
  const logReader = createLogReader(reader);
  const past = createPast(schema, reader);
  const commands = createCommandClient(nc);
  const accessFields = createAccessFields(owner, locator);
  const logsOf = { targets: createLogTargets(reader), ask: createAskLogs(nc, reader), locator };
  const logFields = createLogFields(logsOf);
  const resolvers: LiveResolvers = {
    'Query.viewer': viewerField,
    'Query.permissions': permissionsField,
    'Query.access': accessFields.access,
    'Query.canI': accessFields.canI,
    'Query.probe': createProbe(nc, reader, locator),
    'Query.reachability': createReachability(commands, reader, locator),
    'Query.reachabilityMatrix': createReachabilityMatrix(commands, reader, locator),
    'Query.connectionLog': createConnectionLogField(commands, reader, locator),
    'Query.platformConnectionLog': createPlatformConnectionLogField(commands, reader),
    'Query.deletionPlan': createDeletionPlan(commands),
    'Query.placementPreview': createPlacementPreview({ commands, locator, positions: () => projections.positions() }),
    'Query.batchPreview': createBatchPreview({ commands, locator, positions: () => projections.positions() }),
    'Query.imageRuleViolations': createImageRuleViolations({ commands, reader, locator }),
    'Query.events': createEventsField(logReader),
    'Query.eventCursor': createEventCursorField(logReader),
    'Query.auditLog': createAuditLogField(reader),
    'Query.logHead': createLogHeadField(reader, heads),
    'Query.timeline': past.timeline,
    'Query.asOf': past.asOf,
    'Query.instanceLogs': logFields.instanceLogs,
    'Instance.logs': logFields.lines,
    'Query.deploymentLogs': logFields.deploymentLogs,
    'Instance.usage': instanceUsage,
    'Instance.usageHistory': createUsageHistory(nc),
    'Deployment.usage': createDeploymentUsage(logsOf.targets),
    'Instance.processes': instanceProcesses,
    'ComputeNode.rules': nodeRulesField,
    'ComputeNode.tunnel': nodeTunnelField,
    'ComputeNode.lastSeenAt': lastSeenField,
    'IsolationPolicy.warnings': createPolicyWarnings(locator),
    'IsolationPolicy.flows': policyFlowsField,
    'IsolationPolicy.enforcement': policyEnforcementField,
    'PlatformPolicy.enforcement': platformEnforcementField,
    'PlatformPolicy.flows': platformFlowsField,
    'Namespace.enforcement': createNamespaceEnforcement(commands, locator),
    'AddressRange.use': addressUse,
    'Subnet.use': addressUse,
    'Namespace.instancesOnSharedNodes': createSharedNodes(locator),
    'Namespace.addressUse': addressUse,
  };
  const problems = [
    ...schemaProblems(schema),
    ...capabilityProblems(sdl),
    ...mutationProblems(schema),
    ...liveProblems(schema, resolvers),
  ];
  if (problems.length > 0) throw new Error(`The SDL can't be served:\n${problems.join('\n')}`);

  await checkServer(owner);
  await migrate({ pool: owner, schema: readSchema, folders: [engineMigrations, readMigrations], log });

  await chainExisting(owner, log);

  const viewers = createViewers(owner);
  const registrations = createRegistrations(owner);
  const apiKeys = createApiKeys(owner);
  const accounts = createServiceAccounts(owner);
  const fetchJson = createFetchJson({ allow: options.privateIssuers });
  const keySets = createKeySets({
    pool: owner,
    fetchJson,
    log,
    ...(options.keySetTimes && { times: options.keySetTimes }),
  });
  stops.push(() => keySets.stop());
  const uses = createUses(owner, log);
  stops.push(() => uses.stop());
  const believed = [viewers, registrations, apiKeys, accounts];
  const hub = createLogHub({ log: logReader, pool: owner, logger: log });
  stops.push(() => hub.stop());
  const projections = await startProjections({
    nc,
    pool: owner,
    log,
    keepsHistory: options.audited,
    committed(events, heads) {
      // At once here, and over NATS for the gateways beside this one.
      const tenants = changedAccess(events);
      for (const tenant of tenants) for (const one of believed) one.forget(tenant);
      for (const [scope, cursor] of heads) hub.wake(scope, cursor);
      tellAccess(nc, tenants);
      tellWakes(nc, heads);
    },
  });
  stops.push(() => projections.stop());
  if (!options.audited) log.error('requests are not recorded: this gateway is for measuring, and for nothing else');
  const recorder = options.audited
    ? createRecorder({ pool: owner, log, resolved: () => projections.decided() })
    : unrecorded;
  stops.push(() => recorder.stop());
  const counted = createCounted();
  stops.push(() => counted.stop());
  const audit = createMutationAudit(recorder, counted, log);
  const signIns = createSignIns(recorder, counted, log);
  const strangers = createStrangers(signIns);
  const keptHeads = keepHeads({ pool: owner, signer: heads, file: options.headsFile, everyMs: options.headsMs, log });
  stops.push(() => keptHeads.stop());
  const reconciliation = startReconciliation({ pool: owner, log, resolved: () => projections.decided() });
  stops.push(() => reconciliation.stop());
  const wakes = hearWakes(nc, log, hub.wake);
  stops.push(() => wakes.stop());
  const access = watchAccess({ pool: owner, nc, viewers, believed, log });
  stops.push(() => access.stop());
  const remains = serveRemains({ nc, pool: owner, projections, log });
  stops.push(() => remains.stop());

  const teller = createTeller(log);
  const authenticator = createAuthenticator({
    ...{ issuerUrl: issuer.url, tokens: createTokens(issuer), apiKeys, accounts, uses, signIns },
    federated: createFederated({ registrations, keySets, pool: owner }),
  });
  const engine = createEngine({
    schema,
    tenantSchemas,
    compiler: createCompiler(createModel(schema), (parent, field) => resolvers[`${parent}.${field}`]?.needs ?? []),
    reader,
    projections,
    mutations: createMutationRunner({
      schema,
      commands,
      projections,
      reader,
      locator,
      forget: viewers.forget,
      issuer,
      tokenUrl: `${issuer.url}${tokenPath}`,
      audit,
      tenantOfInvitation: (id) => tenantOfInvitation(owner, id),
      issuerProblem: createIssuerProblem({ pool: owner, keySets, allow: options.privateIssuers }),
    }),
    audit,
    resolvers,
    liveRequest: (viewer) => ({
      viewer,
      processes: createProcessesLoader(nc),
      enforcement: createEnforcementLoader(commands, viewer),
      flows: createFlowsLoader(commands, viewer),
      platformFlows: createPlatformFlowsLoader(commands, viewer),
      usage: createUsageLoader(nc),
      warnings: createWarningsLoader(commands, viewer),
      platformEnforcement: createPlatformEnforcementLoader(commands, viewer),
      sharedNodes: createSharedNodesLoader(commands, viewer),
      standings: createStandingsLoader(commands, viewer),
      tunnels: createTunnelsLoader(commands, viewer),
      heard: createHeardLoader(commands, viewer),
      addressUse: createAddressUseLoader(commands, viewer),
    }),
    budget: createBudget(options.tenantPointsPerMinute),
    maxCost: options.requestPoints,
    tell: teller.tell,
  });
  const logs = createLogSubscriptions({ ...logsOf, teller });
  const subscriptions = createSubscriptions({ engine, log: logReader, hub, logs, teller });

  const checks = {
    nats: natsReadiness(nc),
    database: async () => {
      await Promise.all([owner.query('select 1'), options.reader.query('select 1')]);
      return null;
    },
    projections: async () => projections.problem(),
  };
  const apollo = await startApollo({ schema, engine, teller, log });
  stops.push(() => apollo.stop());
  const tokenEndpoint = createTokenEndpoint({ issuer, accounts, signIns });
  const app = createApp({
    tenantSchemas,
    apollo,
    issuer,
    authenticator,
    viewers,
    tokenEndpoint,
    strangers,
    teller,
    checks,
    log,
  });
  serveLogExport(app, { authenticator, viewers, teller, reader, signer: heads });
  stops.push(async () => void (await app.close()));
  await app.ready();
  const documents = createDocuments(schema);
  const server = app.server;
  const sockets = serveSockets({
    ...{ server, schema, authenticator, viewers, documents, engine, subscriptions, strangers, teller, log },
    slowMs: options.slowSocketMs,
    perTenant: options.socketsPerTenant,
  });
  stops.push(() => sockets.close());
  await app.listen({ host: options.host, port: options.port });
  const { port } = server.address() as AddressInfo;

  return {
    port,
    checks,
    stop: () => stopAll(stops),
  };
}
