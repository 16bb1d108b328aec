/** The spans of requests, and their measures. Spans have the name of an operation, and neither its text nor its variables. */
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { annotateFailure, withSpan } from '@atoll/service/spans';
import { getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import { scopeOf } from '../auth/viewers.ts';
import type { EngineRequest } from './engine.ts';
import { beginMeasure } from './measures.ts';

const maxName = 80;

/** What the client calls it, else the field that it begins with; both are GraphQL names, and so of a few letters. */
function nameOf({ name, selectionSet }: OperationDefinitionNode): string {
  const first = selectionSet.selections.find((selection) => selection.kind === Kind.FIELD);
  return (name?.value ?? first?.name.value ?? '').slice(0, maxName);
}

const isFault = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorCodes, code) && errorCodes[code as ErrorCode].kind === 'fault';

/** Of an error as it is told. */
function codeOf(error: unknown): unknown {
  const extensions: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'extensions') : null;
  return typeof extensions === 'object' && extensions !== null ? Reflect.get(extensions, 'code') : undefined;
}

/** One GraphQL operation; of a subscription, its begin. What the client did wrong is no error of the span. */
export function inOperation<T extends object>(request: EngineRequest, work: () => Promise<T>): Promise<T> {
  const { document, operationName, traceparent, correlation, viewer } = request;
  const operation = getOperationAST(document, operationName);
  const type = operation?.operation ?? 'query';
  const name = operation ? nameOf(operation) : '';
  const attributes = {
    'graphql.operation.type': type,
    'graphql.operation.name': name,
    'atoll.tenant': scopeOf(viewer),
  };
  const answered = beginMeasure(operation ?? null);
  return withSpan(`${type} ${name}`, { traceparent, correlation, attributes }, async () => {
    const answer = await work();
    const errors: unknown = Reflect.get(answer, 'errors');
    const codes = Array.isArray(errors) ? errors.map(codeOf) : [];
    const fault = codes.find(isFault);
    if (fault) annotateFailure(fault);
    answered(codes.length > 0 ? (codes[0] ?? null) : undefined);
    return answer;
  });
}
