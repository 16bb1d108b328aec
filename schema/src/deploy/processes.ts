/** The processes of a pod: what is asked for, and what follows from it. Pure. */
import { z } from 'zod';
import { requestedProbe, requestedReadiness } from './probes.ts';
import { dependsOn, type Process, type ReleaseSpec, type Resources, sideProcess } from './spec.ts';

/** The image as it was typed; what is left out is as everywhere. */
export const requested = {
  image: z.string().max(2000),
  readiness: requestedReadiness.nullable(),
  liveness: requestedProbe.nullable(),
  startup: requestedProbe.nullable(),
};
export const requestedProcess = sideProcess.extend({ ...requested, dependsOn: dependsOn.default([]) });

/** All of them, the main one first. */
export function processesOf({ others, ...main }: ReleaseSpec): readonly Process[] {
  return [{ ...main, kind: 'SERVICE' }, ...others];
}

/** Without repetitions, that of the main process first. */
export const imagesOf = (spec: ReleaseSpec): readonly string[] => [
  ...new Set([spec.image, ...spec.others.map(({ image }) => image)]),
];

/** What one instance takes: all of its processes together, tasks that have ended too. */
export const resourcesOf = (spec: ReleaseSpec): Resources =>
  summed(processesOf(spec).map(({ resources }) => resources));

export const summed = (all: readonly Resources[]): Resources => ({
  cpuMillis: all.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
  memoryMiB: all.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
});

type Depending = Pick<Process, 'name' | 'dependsOn'>;

/**
 * Who waits for nobody before those who wait for them, else in the order given; null where they wait for each other. Dependencies that
 * aren't there count as met.
 */
export function startOrder<P extends Depending>(processes: readonly P[]): readonly P[] | null {
  const order: P[] = [];
  const left = new Set(processes);
  while (left.size > 0) {
    const waiting = new Set([...left].map(({ name }) => name));
    const next = [...left].find((one) => one.dependsOn.every(({ process }) => !waiting.has(process)));
    if (next === undefined) return null;
    order.push(next);
    left.delete(next);
  }
  return order;
}

/** Names along one circle, the first once more at its end; null where there is none. */
export function circleOf(processes: readonly Depending[]): readonly string[] | null {
  const known = new Map(processes.map((one) => [one.name, one]));
  const done = new Set<string>();
  function walk(name: string, way: readonly string[]): readonly string[] | null {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    const one = known.get(name);
    if (one === undefined || done.has(name)) return null;
    for (const { process } of one.dependsOn) {
      const circle = walk(process, [...way, name]);
      if (circle !== null) return circle;
    }
    done.add(name);
    return null;
  }
  for (const { name } of processes) {
    const circle = walk(name, []);
    if (circle !== null) return circle;
  }
  return null;
}
