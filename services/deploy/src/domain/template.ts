/** What of a release can't be, whatever else is as it is: told before anything starts. First match wins. */

import { probeRoles } from '@atoll/schema/deploy/probes';
import { circleOf, processesOf, resourcesOf } from '@atoll/schema/deploy/processes';
import { most, type Process, type ReleaseSpec } from '@atoll/schema/deploy/spec';
import { equal } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';

/** Where in the command something of a process is: what the main one has stands by itself. */
const fieldOf = (index: number, field: string) => (index === 0 ? `spec.${field}` : `spec.others.${index - 1}.${field}`);

type Rule = (processes: readonly Process[], spec: ReleaseSpec) => Rejection | null;

const rules: readonly Rule[] = [
  doubledName,
  unknownDependency,
  impossibleCondition,
  circle,
  probedTask,
  sharedPort,
  unservedPort,
  tooMuch,
];

export function refusedTemplate(spec: ReleaseSpec): Rejection | null {
  const processes = processesOf(spec);
  for (const rule of rules) {
    const refusal = rule(processes, spec);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Of an upgrade: what was taken before stays as good as it was where the change doesn't concern it. */
export function refusedChange(before: ReleaseSpec, after: ReleaseSpec): Rejection | null {
  const concerned = (['name', 'dependsOn', 'others', 'ports', 'resources', ...probeRoles] as const).some(
    (field) => !equal(before[field], after[field]),
  );
  return concerned ? refusedTemplate(after) : null;
}

/** The first for which `fault` has something to say. */
function first(processes: readonly Process[], fault: (process: Process, index: number) => Rejection | null) {
  for (const [index, process] of processes.entries()) {
    const refusal = fault(process, index);
    if (refusal !== null) return refusal;
  }
  return null;
}

function doubledName(processes: readonly Process[]): Rejection | null {
  return first(processes, ({ name }, index) =>
    processes.findIndex((one) => one.name === name) === index
      ? null
      : reject(
          'PROCESS_NAME_TAKEN',
          `Two processes are called ${name}. Give each a name of its own.`,
          fieldOf(index, 'name'),
        ),
  );
}

function unknownDependency(processes: readonly Process[]): Rejection | null {
  const names = processes.map(({ name }) => name);
  return first(processes, ({ name, dependsOn }, index) => {
    const at = dependsOn.findIndex(({ process }) => !names.includes(process));
    if (at < 0) return null;
    const message = `${name} depends on ${dependsOn[at]?.process}, which isn't there; there are ${names.join(', ')}.`;
    return reject('UNKNOWN_PROCESS', message, fieldOf(index, `dependsOn.${at}.process`));
  });
}

function impossibleCondition(processes: readonly Process[]): Rejection | null {
  const kinds = new Map(processes.map(({ name, kind }) => [name, kind]));
  return first(processes, ({ name, dependsOn }, index) => {
    const at = dependsOn.findIndex(
      ({ process, condition }) => condition === (kinds.get(process) === 'TASK' ? 'READY' : 'COMPLETED'),
    );
    const dependency = dependsOn[at];
    if (dependency === undefined) return null;
    const { process, condition } = dependency;
    const why =
      condition === 'READY'
        ? 'which is a task and never is: wait for COMPLETED'
        : 'which is a service and never is: wait for READY, or make it a TASK';
    const message = `${name} waits until ${process} is ${condition}, ${why}.`;
    return reject('PROCESS_CONDITION_IMPOSSIBLE', message, fieldOf(index, `dependsOn.${at}.condition`));
  });
}

function circle(processes: readonly Process[]): Rejection | null {
  const names = circleOf(processes);
  if (names === null) return null;
  const index = processes.findIndex(({ name }) => name === names[0]);
  const message = `None of these could ever be started, for each waits for the next: ${names.join(' → ')}. Take one of the dependencies out.`;
  return reject('PROCESSES_WAIT_IN_A_CIRCLE', message, fieldOf(index, 'dependsOn'));
}

function probedTask(processes: readonly Process[]): Rejection | null {
  return first(processes, (process, index) => {
    const role = probeRoles.find((one) => process[one] !== null);
    if (process.kind !== 'TASK' || role === undefined) return null;
    const message = `${process.name} is a task: how it ends says how it fares, and it takes no probe. Leave ${role} out.`;
    return reject('INVALID_ARGUMENT', message, fieldOf(index, role));
  });
}

/** They share one network namespace: who comes second couldn't listen. */
function sharedPort(processes: readonly Process[]): Rejection | null {
  const taken = new Map<string, string>();
  return first(processes, ({ name, ports }, index) => {
    for (const [at, { port, protocol }] of ports.entries()) {
      const key = `${protocol} port ${port}`;
      const other = taken.get(key);
      // Twice in one process's own list was always taken as once.
      if (other !== undefined && other !== name) {
        const message = `${other} and ${name} both serve ${key}, and have one address together. Give one of them another port.`;
        return reject('PROCESS_PORT_TAKEN', message, fieldOf(index, `ports.${at}.port`));
      }
      taken.set(key, name);
    }
    return null;
  });
}

function unservedPort(processes: readonly Process[]): Rejection | null {
  return first(processes, (process, index) => {
    const served = process.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port);
    for (const role of probeRoles) {
      const probe = process[role];
      if (probe === null || probe.kind === 'EXEC' || served.includes(probe.port)) continue;
      const has = served.length === 0 ? 'it serves no TCP port' : `its TCP ports are ${served.join(', ')}`;
      const message = `The ${role} probe of ${process.name} asks TCP port ${probe.port}, and ${has}. Add the port to ports, or probe one that is there.`;
      return reject('PROBE_PORT_NOT_SERVED', message, fieldOf(index, `${role}.port`));
    }
    return null;
  });
}

function tooMuch(_: readonly Process[], spec: ReleaseSpec): Rejection | null {
  const { cpuMillis, memoryMiB } = resourcesOf(spec);
  if (cpuMillis <= most.cpuMillis && memoryMiB <= most.memoryMiB) return null;
  const message = `Its processes together ask for ${cpuMillis} thousandths of a core and ${memoryMiB} MiB, which is more than one instance may. Ask for less.`;
  return reject('INVALID_ARGUMENT', message, 'spec.resources');
}
