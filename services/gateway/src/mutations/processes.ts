/** Processes as they are asked for → as the service takes them: the main one, and the others beside it. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { repetition } from './lists.ts';
import { type ProbeInput, probeOf, type ReadinessInput } from './probes.ts';

interface EnvInput {
  readonly name: string;
  readonly value: string;
}
interface PortInput {
  readonly port: number;
  readonly protocol: string;
}

/** What a process has, asked for by itself or as one of several. */
export interface OneProcess {
  readonly image?: string | null;
  readonly command?: readonly string[] | null;
  readonly env?: readonly EnvInput[] | null;
  readonly ports?: readonly PortInput[] | null;
  readonly cpuMillis?: number | null;
  readonly memoryMiB?: number | null;
  readonly readiness?: ReadinessInput | null;
  readonly liveness?: ProbeInput | null;
  readonly startup?: ProbeInput | null;
}
export interface ProcessInput extends OneProcess {
  readonly name: string;
  readonly kind: 'SERVICE' | 'TASK';
  readonly dependsOn?: readonly { readonly process: string; readonly condition: string }[] | null;
}

export const envOf = (env: OneProcess['env']) =>
  Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
export const portsOf = (ports: OneProcess['ports']) => (ports ?? []).map(({ port, protocol }) => ({ port, protocol }));

export const envRepetition = (env: OneProcess['env'], path = 'env') =>
  repetition(
    (env ?? []).map(({ name }) => name),
    path,
    'name',
  );

/** All of a process: what is left out is as everywhere. */
export const processOf = (input: OneProcess) => ({
  image: input.image,
  command: input.command ?? null,
  env: envOf(input.env),
  ports: portsOf(input.ports),
  resources: { cpuMillis: input.cpuMillis, memoryMiB: input.memoryMiB },
  readiness: probeOf(input.readiness),
  liveness: probeOf(input.liveness),
  startup: probeOf(input.startup),
});

const namedOf = (input: ProcessInput) => ({
  ...processOf(input),
  name: input.name,
  dependsOn: (input.dependsOn ?? []).map(({ process, condition }) => ({ process, condition })),
});

/** The first service is the main one. */
const mainAt = (processes: readonly ProcessInput[]) => processes.findIndex(({ kind }) => kind === 'SERVICE');

const single = ['image', 'command', 'env', 'ports', 'readiness', 'liveness', 'startup'] as const;

export function podOf(processes: readonly ProcessInput[], beside: OneProcess): object | Rejection {
  const twice = single.find((field) => beside[field] != null);
  if (twice !== undefined) {
    const message = `${twice} is of a single process: give it in one of processes, or leave processes out.`;
    return reject('INVALID_ARGUMENT', message, twice);
  }
  const at = mainAt(processes);
  const main = processes[at];
  if (main === undefined) {
    const message = 'There must be a process that runs on: at least one with the kind SERVICE.';
    return reject('INVALID_ARGUMENT', message, 'processes');
  }
  for (const [index, { env }] of processes.entries()) {
    const repeated = envRepetition(env, `processes.${index}.env`);
    if (repeated !== null) return repeated;
  }
  const others = processes.flatMap((one, index) => (index === at ? [] : [{ ...namedOf(one), kind: one.kind }]));
  return { ...namedOf(main), others };
}

export const isRefused = (spec: object | Rejection): spec is Rejection => 'code' in spec;

/** A path of the command's data in the words of `processes`, where that was given. */
export function toldOfProcesses(field: string, input: unknown): string {
  const processes = input instanceof Object && 'processes' in input ? input.processes : null;
  if (!Array.isArray(processes) || !field.startsWith('spec')) return field;
  const main = mainAt(processes as readonly ProcessInput[]);
  const [, at, ofOther] = /^spec\.others\.(\d+)(?:\.(.+))?$/.exec(field) ?? [];
  if (at === undefined && /^spec(\.others)?$/.test(field)) return 'processes';
  const index = at === undefined ? main : Number(at) + (Number(at) >= main ? 1 : 0);
  const rest = (at === undefined ? field.slice('spec.'.length) : (ofOther ?? ''))
    .replace(/^resources\./, '')
    .replace(/^(readiness|liveness|startup)\.kind$/, '$1.protocol');
  return ['processes', String(index), rest].filter((part) => part !== '').join('.');
}
