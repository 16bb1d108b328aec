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

export interface Identity {
  readonly instanceId: Id<'instance'>;
  readonly kind: ContainerKind;
  readonly sandboxId: string | null;
  readonly stopGraceSeconds: number;
}

export function labelsOf(
  node: Id<'node'>,
  instance: DesiredInstance,
  kind: ContainerKind,
  sandboxId: string | null,
): Record<string, string> {
  return {
    [nodeLabel]: node,
    [instanceLabel]: instance.instanceId,
    [releaseLabel]: instance.releaseId,
    [kindLabel]: kind,
    [graceLabel]: String(instance.stopGraceSeconds),
    ...(sandboxId === null ? {} : { [sandboxLabel]: sandboxId }),
  };
}

const isInstance = (text: string): text is Id<'instance'> => idKind(text) === 'instance';

/** Null where name and labels aren't a whole identity that fits together: then it isn't ours. */
export function identityOf(container: { Labels: Record<string, string>; Names: readonly string[] }): Identity | null {
  const { Labels: labels, Names: names } = container;
  const instanceId = labels[instanceLabel] ?? '';
  const kind = containerKinds.find((known) => known === labels[kindLabel]);
  if (!isInstance(instanceId) || kind === undefined) return null;
  if (!names.includes(`/${containerName(kind, instanceId)}`)) return null;
  const grace = Number(labels[graceLabel]);
  return {
    instanceId,
    kind,
    sandboxId: labels[sandboxLabel] ?? null,
    stopGraceSeconds: Number.isInteger(grace) && grace >= 0 ? grace : 10,
  };
}

/** One name per instance and kind: Docker itself refuses a second, whatever crashed in between. */
export const containerName = (kind: ContainerKind, instance: Id<'instance'>) => `atoll-${kind}-${instance}`;
