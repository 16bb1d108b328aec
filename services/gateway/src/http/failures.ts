/** Refusals before GraphQL begins, in the shape of GraphQL: one error, with a code of the closed set. */
import type { FastifyError, FastifyReply } from 'fastify';
import { ApiError, httpStatus } from '../errors.ts';
import { countNotBegun } from '../graphql/measures.ts';

export const maxBody = 1024 * 1024;

export function sendFailure(reply: FastifyReply, error: ApiError): FastifyReply {
  const { code, extensions } = error;
  countNotBegun(code);
  const status = httpStatus(code);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="atoll"');
  if (typeof extensions.retryAfter === 'number') reply.header('retry-after', String(extensions.retryAfter));
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send({ errors: [error.toJSON()] });
}

/** What the HTTP server says of a body that it doesn't take; null where it is no fault of the request. */
export function bodyFailure(error: FastifyError): ApiError | null {
  switch (error.statusCode) {
    case 413:
      return new ApiError('PAYLOAD_TOO_LARGE', `The body has more than ${maxBody} bytes: send less at once.`);
    case 415:
      return new ApiError('BAD_REQUEST', 'The body must be JSON, and say so: "content-type: application/json".');
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? new ApiError('BAD_REQUEST', `The request can't be read: ${error.message}`)
        : null;
  }
}
