/**
 * Rate, errors and duration of GraphQL operations. Labels are bounded by the schema and the closed set of codes: names that
 * clients make up (of operations, of fields that there aren't) are none of them.
 */
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { metrics } from '@atoll/service/metrics';
import { Kind, type OperationDefinitionNode } from 'graphql';
import { Counter, Histogram } from 'prom-client';

const seconds = new Histogram({
  name: 'atoll_graphql_seconds',
  help: 'Time of GraphQL operations, by kind and root field',
  labelNames: ['kind', 'field'],
  buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [metrics],
});
const errors = new Counter({
  name: 'atoll_graphql_errors_total',
  help: 'GraphQL operations that were answered with errors, by the code of the first',
  labelNames: ['kind', 'field', 'code'],
  registers: [metrics],
});

/** What came over HTTP and wasn't begun, because it was no operation of this schema, or nobody may ask. */
const NOT_BEGUN = { kind: 'none', field: 'none' };

/** The field that an operation asks for; `several` where it asks for more, `fragment` where only a fragment tells. */
function rootField({ selectionSet }: OperationDefinitionNode): string {
  const [first, second] = selectionSet.selections;
  if (second !== undefined) return 'several';
  return first?.kind === Kind.FIELD ? first.name.value : 'fragment';
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorCodes, code);

/**
 * Of an operation that has passed validation: its field is one of the schema's. Answers how to say that it is answered, with the
 * code of its first error, undefined where it has none.
 */
export function beginMeasure(operation: OperationDefinitionNode | null): (firstCode: unknown) => void {
  if (operation === null) return () => {};
  const labels = { kind: operation.operation, field: rootField(operation) };
  const stop = seconds.startTimer(labels);
  return (firstCode) => {
    stop();
    if (firstCode !== undefined) errors.inc({ ...labels, code: isCode(firstCode) ? firstCode : 'OTHER' });
  };
}

export function countNotBegun(code: unknown): void {
  errors.inc({ ...NOT_BEGUN, code: isCode(code) ? code : 'OTHER' });
}
