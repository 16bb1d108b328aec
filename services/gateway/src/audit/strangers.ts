/** Requests and sockets that are turned away for who they say they are. */
import { PLATFORM } from '@atoll/schema/ids';
import { ApiError } from '../errors.ts';
import { type Client, clientOf } from './client.ts';
import type { SignIns } from './sign-ins.ts';

type Request = Parameters<typeof clientOf>[0];

export interface Strangers {
  refused(request: Request, authorization: string | undefined, error: unknown, correlation: string): Promise<void>;
  refusedBy(client: Client, authorization: string | undefined, error: unknown, correlation: string): Promise<void>;
}

/** Codes that mean that somebody isn't who they would have to be. */
const codes = new Set<string>(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'FORBIDDEN']);

/** A token that isn't believed says nothing that could be told: such refusals are in the platform's log. */
export function createStrangers(signIns: SignIns): Strangers {
  async function refusedBy(
    client: Client,
    authorization: string | undefined,
    error: unknown,
    correlation: string,
  ): Promise<void> {
    // Who shows nothing has tried nothing.
    if (!authorization || !(error instanceof ApiError) || !codes.has(error.code)) return;
    const credential = { kind: 'token', issuer: null, id: null } as const;
    await signIns.signInRefused({ scope: PLATFORM, subject: null, credential, client, correlation }, error.code);
  }
  return {
    refusedBy,
    refused: (request, authorization, error, correlation) =>
      refusedBy(clientOf(request), authorization, error, correlation),
  };
}
