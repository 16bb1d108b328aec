/** As much of a node's agent as the network service sees: it pulls, keeps what it was given, and reports it. */
import type { Id } from '@atoll/schema/ids';
import { type DesiredNetwork, type NetworkReport, networkReportReply } from '@atoll/schema/node/network';
import { networkChangesReply } from '@atoll/schema/node/rules-changes';
import { type AskChanges, type HeldNetwork, pullRules } from '@atoll/schema/node/rules-pull';
import { nodeSubjects } from '@atoll/schema/subjects';
import { type NatsConnection, requestJson } from '@atoll/service/nats';

export interface Report {
  readonly generation: number;
  readonly hash: string;
  readonly at?: string;
}

/** `outside`: whether it says that it can answer for public addresses. */
export function createAgent(nc: NatsConnection, nodeId: Id<'node'>, outside = false) {
  let applied: DesiredNetwork | null = null;
  let underlay: NetworkReport['underlay'] = null;
  let speaker: NetworkReport['agent'];
  const report = (body: Report | null, as: Id<'node'> = nodeId) =>
    requestJson(
      nc,
      nodeSubjects.networkReport(nodeId),
      {
        nodeId: as,
        applied: body && { at: new Date().toISOString(), ...body },
        error: null,
        underlay,
        outside,
        agent: speaker,
      },
      { timeoutMs: 15_000 },
    );
  let held: HeldNetwork | null = null;
  /** What one is given who has `generation`, which is one of before, or 0 for none. */
  async function pull(generation: number): Promise<DesiredNetwork | null> {
    const has = generation === 0 || held === null ? null : { ...held, document: { ...held.document, generation } };
    const pulled = await pullRules(ask, has, (message) => {
      throw new Error(message);
    });
    if (pulled) held = pulled;
    return pulled?.document ?? null;
  }
  const ask: AskChanges = async (request) =>
    networkChangesReply.parse(await requestJson(nc, nodeSubjects.networkPull(nodeId), request, { timeoutMs: 15_000 }));
  return {
    nodeId,
    pull,
    report,
    applied: () => applied,
    /** Which of the agents that say they are this node it is from now on. */
    speakAs(agent: NetworkReport['agent']): void {
      speaker = agent;
    },
    /** Says from now on that it is reached there; answers why it isn't. */
    async connect(at: NetworkReport['underlay']): Promise<string | null> {
      underlay = at;
      const body = applied && applied.generation > 0 ? { generation: applied.generation, hash: applied.hash } : null;
      return networkReportReply.parse(await report(body)).refused;
    },
    /** What a wake sets off: pull, apply, report. Answers with what is applied now. */
    async sync(): Promise<DesiredNetwork | null> {
      applied = (await pull(applied?.generation ?? 0)) ?? applied;
      if (applied && applied.generation > 0) {
        await report({ generation: applied.generation, hash: applied.hash });
      }
      return applied;
    },
    /** Syncs at every wake until stopped. */
    async follow(): Promise<() => Promise<void>> {
      let last = Promise.resolve<unknown>(null);
      const again = () => {
        last = last.then(() => this.sync()).catch(() => {});
      };
      const subscription = nc.subscribe(nodeSubjects.wake(nodeId), { callback: again });
      await nc.flush();
      again();
      return async () => {
        subscription.unsubscribe();
        await last;
      };
    },
  };
}
export type Agent = ReturnType<typeof createAgent>;
