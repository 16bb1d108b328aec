/** The closed set of error codes → the SDK's own copy of it. */
import type { ErrorKind, Retry } from '@atoll/schema/errors';

export function renderErrors(codes: Readonly<Record<string, { kind: ErrorKind; retry: Retry }>>): string {
  const lines = Object.entries(codes).map(
    ([code, { kind, retry }]) => `  ${code}: { kind: '${kind}', retry: '${retry}' },`,
  );
  return `/** Every code that Atoll answers with, who can do something about it, and whether a repeat can help. */
export const errorCodes = {
${lines.join('\n')}
} as const;
`;
}
