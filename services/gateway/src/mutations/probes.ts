/** Probes as they are asked for → as the service takes them. */

export interface ProbeInput {
  readonly protocol: 'TCP' | 'HTTP' | 'EXEC';
  readonly port?: number | null;
  readonly path: string;
  readonly command?: readonly string[] | null;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}
export interface ReadinessInput extends ProbeInput {
  readonly successThreshold: number;
}

/** What doesn't belong to its kind is passed on where it was given, so that it is refused and not ignored. */
export function probeOf(probe: ProbeInput | ReadinessInput | null | undefined) {
  if (!probe) return null;
  const { protocol: kind, port, path, command, ...timing } = probe;
  return {
    kind,
    ...(port == null ? {} : { port }),
    ...(kind === 'HTTP' || path !== '/' ? { path } : {}),
    ...(command == null ? {} : { command }),
    ...timing,
  };
}
