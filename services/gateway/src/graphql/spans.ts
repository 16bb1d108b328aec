/** The spans of requests. They have the name of an operation, and neither its text nor its variables. */
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { annotateFailure, withSpan } from '@atoll/service/spans';
import { getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import { scopeOf } from '../auth/viewers.ts';
import type { EngineRequest } from './engine.ts';

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

/** One GraphQL operation. What the client did wrong is no error of the span. */
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
  return withSpan(`${type} ${name}`, { traceparent, correlation, attributes }, async () => {
    const answer = await work();
    const errors: unknown = Reflect.get(answer, 'errors');
    const fault = Array.isArray(errors) ? errors.map(codeOf).find(isFault) : undefined;
    if (fault) annotateFailure(fault);
    return answer;
  });
}
