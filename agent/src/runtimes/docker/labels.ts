/** How containers say whose they are. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import { type ContainerKind, containerKinds } from '../runtime.ts';

export const nodeLabel = 'atoll.node';
const instanceLabel = 'atoll.instance';
const releaseLabel = 'atoll.release';
const kindLabel = 'atoll.kind';
const sandboxLabel = 'atoll.sandbox';
const graceLabel = 'atoll.stop-grace-seconds';
/** Left out of the main one's, as it was when there were no others. */
const processLabel = 'atoll.process';
const orderLabel = 'atoll.start-order';

export interface Identity {
  readonly instanceId: Id<'instance'>;
  readonly kind: ContainerKind;
  readonly sandboxId: string | null;
  readonly stopGraceSeconds: number;
  readonly process: string | null;
  readonly order: number;
}

export function labelsOf(
  node: Id<'node'>,
  instance: DesiredInstance,
  kind: ContainerKind,
  sandboxId: string | null,
  app: { readonly process: string | null; readonly order: number } = { process: null, order: 0 },
): Record<string, string> {
  return {
    [nodeLabel]: node,
    [instanceLabel]: instance.instanceId,
    [releaseLabel]: instance.releaseId,
    [kindLabel]: kind,
    [graceLabel]: String(instance.stopGraceSeconds),
    ...(sandboxId === null ? {} : { [sandboxLabel]: sandboxId }),
    ...(app.process === null ? {} : { [processLabel]: app.process }),
    ...(app.order === 0 ? {} : { [orderLabel]: String(app.order) }),
  };
}

const isInstance = (text: string): text is Id<'instance'> => idKind(text) === 'instance';

/** Null where name and labels aren't a whole identity that fits together: then it isn't ours. */
export function identityOf(container: { Labels: Record<string, string>; Names: readonly string[] }): Identity | null {
  const { Labels: labels, Names: names } = container;
  const instanceId = labels[instanceLabel] ?? '';
  const kind = containerKinds.find((known) => known === labels[kindLabel]);
  if (!isInstance(instanceId) || kind === undefined) return null;
  const process = labels[processLabel] ?? null;
  if (!names.includes(`/${containerName(kind, instanceId, process)}`)) return null;
  const order = Number(labels[orderLabel] ?? 0);
  const grace = Number(labels[graceLabel]);
  return {
    instanceId,
    kind,
    sandboxId: labels[sandboxLabel] ?? null,
    stopGraceSeconds: Number.isInteger(grace) && grace >= 0 ? grace : 10,
    process,
    order: Number.isInteger(order) ? order : 0,
  };
}

/** One name per instance, kind and process: Docker itself refuses a second, whatever crashed in between. */
export const containerName = (kind: ContainerKind, instance: Id<'instance'>, process: string | null = null) =>
  `atoll-${kind}-${instance}${process === null ? '' : `-${process}`}`;
