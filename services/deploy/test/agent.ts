/**
 * A node's agent over real NATS, with containers that are only thought: it pulls, keeps the newest document, and reports,
 * by the contract of schema/src/node. Every answer of the service is parsed by that contract's schemas.
 */
import type { Id } from '@atoll/schema/ids';
import {
  type DesiredWorkloads,
  type ObservedInstance,
  reportReply,
  type WorkloadsReport,
  workloadsPullReply,
  workloadsReport,
} from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { createLogger } from '@atoll/service/log';
import { connectNats, type NatsConnection, requestJson } from '@atoll/service/nats';

export type Fate = 'READY' | 'WAITING' | 'UNREADY' | 'STARTING';

export interface AgentOptions {
  readonly url: string;
  readonly nodeId: Id<'node'>;
  readonly name: string;
  readonly capacity?: { readonly cpuMillis: number; readonly memoryMiB: number };
  readonly maxInstances?: number;
  /** What becomes of an instance with this image. Default: READY. */
  readonly fate?: (image: string, instanceId: Id<'instance'>) => Fate;
}

export const HEARTBEAT_MS = 300;

export class FakeAgent {
  readonly nodeId: Id<'node'>;
  readonly #options: AgentOptions;
  #nc: NatsConnection | null = null;
  #document: DesiredWorkloads | null = null;
  /** Survives the agent, as containers do. */
  readonly containers = new Map<Id<'instance'>, { readonly image: string; startedAt: string }>();
  readonly #sequenceBase = Date.now();
  #sequence = 0;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  /** When each instance was first seen in a document. */
  readonly firstSeen = new Map<Id<'instance'>, number>();
  /** The most containers of one deployment at once, and whether any instance was ever started twice. */
  readonly startedEver: Id<'instance'>[] = [];
  wakes = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
  }

  get generation(): number {
    return this.#document?.generation ?? 0;
  }

  async start(): Promise<void> {
    const log = createLogger('fake-agent');
    this.#nc = await connectNats({ url: this.#options.url, name: this.nodeId, log });
    this.#nc.subscribe(nodeSubjects.wake(this.nodeId), {
      callback: () => {
        this.wakes += 1;
        this.work();
      },
    });
    this.beatEvery(HEARTBEAT_MS);
    await this.workNow();
  }

  /** How often it looks without being woken. */
  beatEvery(ms: number): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = setInterval(() => this.work(), ms);
  }

  /** As kill -9: the containers stay. */
  async kill(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    const nc = this.#nc;
    this.#nc = null;
    await this.#working.catch(() => {});
    await nc?.close();
  }

  /** Pull, apply, report; never twice at once. Failures are tried again by the next heartbeat. */
  work(): void {
    this.#working = this.#working.then(() => this.#round()).catch(() => {});
  }
  async workNow(): Promise<void> {
    this.work();
    await this.#working;
  }

  async #round(): Promise<void> {
    await this.#pull();
    this.#apply();
    const generation = await this.report();
    if (generation > this.generation) {
      await this.#pull();
      this.#apply();
      await this.report();
    }
  }

  async #pull(): Promise<void> {
    const reply = await this.#request(nodeSubjects.workloadsPull(this.nodeId), { generation: this.generation });
    const document = workloadsPullReply.parse(reply);
    if (document === null || document.generation < this.generation) return;
    this.#document = document;
    for (const { instanceId } of document.instances) {
      if (!this.firstSeen.has(instanceId)) this.firstSeen.set(instanceId, performance.now());
    }
  }

  #apply(): void {
    if (this.#document === null) return;
    const desired = new Map(this.#document.instances.map((instance) => [instance.instanceId, instance]));
    for (const instanceId of this.containers.keys()) if (!desired.has(instanceId)) this.containers.delete(instanceId);
    for (const [instanceId, { spec }] of desired) {
      if (this.containers.has(instanceId)) continue;
      this.containers.set(instanceId, { image: spec.image, startedAt: new Date().toISOString() });
      this.startedEver.push(instanceId);
    }
  }

  /** What it would report now. */
  snapshot(): WorkloadsReport {
    const { name, capacity, maxInstances, fate } = this.#options;
    this.#sequence += 1;
    return workloadsReport.parse({
      nodeId: this.nodeId,
      name,
      runtime: 'simulated',
      capacity: capacity ?? { cpuMillis: 4000, memoryMiB: 4096 },
      maxInstances: maxInstances ?? 50,
      generation: this.generation,
      sequence: this.#sequenceBase + this.#sequence,
      instances: [...this.containers].map(([instanceId, { image, startedAt }]): ObservedInstance => {
        const state = fate?.(image, instanceId) ?? 'READY';
        const failing = state === 'WAITING' || state === 'UNREADY';
        return {
          instanceId,
          state,
          reason: state === 'WAITING' ? 'IMAGE_PULL_FAILED' : failing ? 'READINESS_FAILED' : null,
          message: failing ? `simulated: ${state}` : '',
          restarts: 0,
          startedAt,
        };
      }),
    });
  }

  /** Resolves to the newest generation that the service told. */
  async report(body: unknown = this.snapshot()): Promise<number> {
    return reportReply.parse(await this.#request(nodeSubjects.workloadsReport(this.nodeId), body)).generation;
  }

  #request(subject: string, body: unknown): Promise<unknown> {
    if (this.#nc === null) throw new Error('The agent is down.');
    return requestJson(this.#nc, subject, body, { timeoutMs: 5000 });
  }
}
