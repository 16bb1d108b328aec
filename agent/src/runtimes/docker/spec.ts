/** Desired instance → what Docker is asked to create. Pure. */
import type { Id } from '@atoll/schema/ids';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { orderedOf } from '../../plan/pod.ts';
import { families, familyFacts } from '../../render/family.ts';
import { containerName, labelsOf } from './labels.ts';
import { fenceCommand, leaseMount, pauseCommand } from './pause.ts';
import { pinned } from './pull.ts';

/** Completes a service's name in its own namespace, and `<service>.<namespace>` in any of the environment. */
const searchDomain = 'atoll.internal';

const mebibyte = 1024 * 1024;

/** What common images need to start as root and drop to a user. No raw sockets, no devices, no network changes. */
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

const confined = {
  RestartPolicy: { Name: 'no' },
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
} as const satisfies HostConfig;

/** `lease`: folder on the node that says until when what is fenced may run. */
export function sandboxSpec(
  node: Id<'node'>,
  instance: DesiredInstance,
  { image, lease }: { readonly image: string; readonly lease: string },
): ContainerCreateOptions {
  const { instanceId, deploymentName } = instance;
  return {
    name: containerName('sandbox', instanceId),
    Image: image,
    Entrypoint: instance.fenced ? fenceCommand : pauseCommand,
    Cmd: [],
    Hostname: `${deploymentName.slice(0, 50)}-${instanceId.slice(-8)}`,
    Labels: labelsOf(node, instance, 'sandbox', null),
    HostConfig: {
      ...confined,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      NetworkMode: 'none',
      // The app has the sandbox's: two dots and more before a name is first asked for as it is.
      Dns: families.map((family) => familyFacts[family].nameServer),
      DnsSearch: [searchDomain],
      DnsOptions: ['ndots:2', 'timeout:2', 'attempts:3'],
      ReadonlyRootfs: true,
      ...(instance.fenced ? { Binds: [`${lease}:${leaseMount}:ro`] } : {}),
      PidsLimit: 8,
      Memory: 16 * mebibyte,
      MemorySwap: 16 * mebibyte,
    },
  };
}

export function appSpec(
  node: Id<'node'>,
  instance: DesiredInstance,
  process: string | null,
  sandboxId: string,
): ContainerCreateOptions {
  const { instanceId } = instance;
  const all = orderedOf(instance.spec);
  const order = all.findIndex(({ name }) => name === (process ?? instance.spec.name));
  const spec = all[order];
  if (spec === undefined) throw new Error(`${instanceId} has no process ${process}`);
  const memory = spec.resources.memoryMiB * mebibyte;
  return {
    name: containerName('app', instanceId, process),
    Image: pinned(spec.image),
    // The command is the whole command line; the image's own entry point doesn't come before it.
    ...(spec.command === null ? {} : { Entrypoint: spec.command, Cmd: [] }),
    Env: Object.entries(spec.env)
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
    Labels: labelsOf(node, instance, 'app', sandboxId, { process, order }),
    HostConfig: {
      ...confined,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      CapAdd: capabilities,
      NetworkMode: `container:${sandboxId}`,
      // With the sandbox's first process it ends.
      ...(instance.fenced ? { PidMode: `container:${sandboxId}` } : {}),
      NanoCpus: spec.resources.cpuMillis * 1_000_000,
      Memory: memory,
      // As much as the memory: none of it swap.
      MemorySwap: memory,
      PidsLimit: 512,
    },
  };
}
