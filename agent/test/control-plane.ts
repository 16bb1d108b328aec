/** The services' side of the contract, as small as it can be: answers pulls from two documents, keeps reports. */
import type { Id } from '@atoll/schema/ids';
import type { ProbeReply, ProbeRequest } from '@atoll/schema/node/live';
import { type LogsReply, type LogsRequest, logsReply, mostLogBytes } from '@atoll/schema/node/logs';
import {
  type DesiredNetwork,
  desiredNetwork,
  type NetworkReport,
  networkReport,
  type RuleSet,
} from '@atoll/schema/node/network';
import { type ProcessState, processesReply } from '@atoll/schema/node/processes';
import { type NetworkChanges, networkPullRequest, operationsOf } from '@atoll/schema/node/rules-changes';
import {
  type DesiredInstance,
  type DesiredWorkloads,
  desiredWorkloads,
  type ObservedInstance,
  pullRequest,
  type WorkloadsReport,
  workloadsReport,
} from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { connectNats, type NatsConnection, requestJson, serveJson } from '@atoll/service/nats';
import type { z } from 'zod';
import { networkDocument } from './fixtures.ts';
import { log, until } from './lab.ts';

type Topic = 'workloads' | 'network';

export class ControlPlane {
  readonly nc: NatsConnection;
  readonly node: Id<'node'>;
  readonly workloadsReports: WorkloadsReport[] = [];
  readonly networkReports: NetworkReport[] = [];
  readonly #documents: { workloads: DesiredWorkloads | null; network: DesiredNetwork | null } = {
    workloads: null,
    network: null,
  };
  /** Why no report is taken: another agent is the node. */
  refusal: string | null = null;
  /** What each report is answered with. */
  leaseMs: number | null = null;
  /** When the newest report with a lease was answered: it counts from before that. */
  leasedAt = 0;
  /** No workloads are to be had: only that there are newer ones is told. */
  withheld = false;
  #generation = 0;
  #serving: { stop(): Promise<void> }[] = [];

  private constructor(nc: NatsConnection, node: Id<'node'>) {
    this.nc = nc;
    this.node = node;
  }

  static async connect(url: string, node: Id<'node'>): Promise<ControlPlane> {
    return new ControlPlane(
      await connectNats({ url, name: 'control-plane', inboxPrefix: '_INBOX_gateway', log }),
      node,
    );
  }

  serve(): void {
    if (this.#serving.length > 0) return;
    const node = this.node;
    const serve = (subject: string, handle: (body: unknown) => unknown) =>
      this.#serving.push(serveJson(this.nc, { subject, log }, async (body) => handle(body)));
    const pull =
      <T extends { generation: number }>(current: () => T | null, schema: z.ZodType<T>) =>
      (body: unknown) => {
        const { generation } = pullRequest.parse(body);
        const document = current();
        if (this.withheld) return null;
        return document === null || generation >= document.generation ? null : schema.parse(document);
      };
    serve(
      nodeSubjects.workloadsPull(node),
      pull(() => this.#documents.workloads, desiredWorkloads),
    );
    serve(nodeSubjects.networkPull(node), (body): NetworkChanges | null => {
      const { generation } = networkPullRequest.parse(body);
      const document = this.#documents.network;
      if (document === null || (generation > 0 && generation >= document.generation)) return null;
      const { rules, ...head } = desiredNetwork.parse(document);
      return { ...head, from: 0, operations: operationsOf(rules), next: null };
    });
    serve(nodeSubjects.workloadsReport(node), (body) => {
      this.workloadsReports.push(workloadsReport.parse(body));
      if (this.leaseMs !== null) this.leasedAt = Date.now();
      const generation = this.#documents.workloads?.generation ?? 0;
      return { generation, refused: this.refusal, leaseMs: this.leaseMs };
    });
    serve(nodeSubjects.networkReport(node), (body) => {
      this.networkReports.push(networkReport.parse(body));
      return { generation: this.#documents.network?.generation ?? 0, refused: null };
    });
  }

  async silence(): Promise<void> {
    for (const serving of this.#serving.splice(0)) await serving.stop();
    // What was said before isn't the news after.
    this.workloadsReports.length = 0;
    this.networkReports.length = 0;
  }

  #wake(topic: Topic): void {
    this.nc.publish(nodeSubjects.wake(this.node), JSON.stringify({ topic }));
  }

  want(instances: readonly DesiredInstance[]): number {
    const generation = ++this.#generation;
    this.#documents.workloads = { nodeId: this.node, generation, instances: [...instances] };
    this.#wake('workloads');
    return generation;
  }

  guard(rules: RuleSet): number {
    const generation = ++this.#generation;
    this.#documents.network = networkDocument(this.node, generation, rules);
    this.#wake('network');
    return generation;
  }

  /** As a service that lost its newest facts would. */
  offerOlder(): void {
    const { workloads } = this.#documents;
    if (workloads) this.#documents.workloads = { ...workloads, generation: 1, instances: [] };
    this.#wake('workloads');
  }

  report = (): WorkloadsReport | undefined => this.workloadsReports.at(-1);
  instance = (id: Id<'instance'>): ObservedInstance | undefined =>
    this.report()?.instances.find((instance) => instance.instanceId === id);

  until(
    id: Id<'instance'>,
    state: ObservedInstance['state'],
    reason: ObservedInstance['reason'] = null,
    timeoutMs = 45_000,
  ) {
    return until(
      `${id} ${state} ${reason ?? ''} (now ${JSON.stringify(this.report()?.instances)})`,
      () => {
        const instance = this.instance(id);
        return instance?.state === state && instance.reason === reason ? instance : null;
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\nlast report: ${JSON.stringify(this.report())}`);
    });
  }

  /** The first report from now on that is about this generation and for which `check` holds. */
  untilReport(what: string, check: (report: WorkloadsReport) => boolean, timeoutMs = 45_000): Promise<WorkloadsReport> {
    const from = this.workloadsReports.length;
    return until(what, () => this.workloadsReports.slice(from).find(check), timeoutMs);
  }

  untilEnforced(generation: number): Promise<NetworkReport> {
    return until(`rules of generation ${generation}`, () =>
      this.networkReports.find((report) => (report.applied?.generation ?? 0) >= generation),
    );
  }

  async probe(request: ProbeRequest): Promise<ProbeReply> {
    return (await requestJson(this.nc, nodeSubjects.probe(this.node), request, { timeoutMs: 10_000 })) as ProbeReply;
  }
  async logs(instance: Id<'instance'>, given: Partial<LogsRequest> = {}, timeoutMs = 15_000): Promise<LogsReply> {
    const all = {
      after: null,
      lines: 1000,
      bytes: mostLogBytes,
      since: null,
      stream: null,
      previous: false,
      waitMs: 0,
    };
    const body: LogsRequest = { instance, ...all, ...given };
    return logsReply.parse(await requestJson(this.nc, nodeSubjects.logs(this.node), body, { timeoutMs }));
  }
  async processes(instance: Id<'instance'>): Promise<ProcessState[]> {
    const body = { instances: [instance] };
    const told = await requestJson(this.nc, nodeSubjects.processes(this.node), body, { timeoutMs: 10_000 });
    return processesReply.parse(told).instances[0] ?? [];
  }

  async close(): Promise<void> {
    await this.silence();
    await this.nc.close();
  }
}
