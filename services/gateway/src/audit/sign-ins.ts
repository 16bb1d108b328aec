/** The port for whoever lets people in: a sign-in is recorded before it counts, and so is one that is refused. */
import type { Logger } from '@atoll/service/log';
import type { Counted } from './counted.ts';
import { type SignIn, signedInOutcome, signInEntry, signInRefusedOutcome } from './entry.ts';
import type { Recorder } from './recorder.ts';

export interface SignIns {
  /** To be awaited before the token is given or believed. Throws UNAVAILABLE where it can't be recorded. */
  signedIn(signIn: SignIn): Promise<void>;
  /** To be awaited before the answer. Never throws: the answer is a refusal either way. `code` is what the client is told. */
  signInRefused(signIn: SignIn, code: string): Promise<void>;
}

export function createSignIns(recorder: Recorder, counted: Counted, log: Logger): SignIns {
  return {
    signedIn: (signIn) => recorder.record(signInEntry(signIn), signedInOutcome()),
    signInRefused(signIn, code) {
      const { scope, credential, client } = signIn;
      return counted.count(scope, `sign-in ${code} ${credential.id} ${client.address}`, async (count) => {
        try {
          await recorder.record(signInEntry(signIn), signInRefusedOutcome(code, count));
        } catch (error) {
          log.warn({ err: error, code, count }, 'refused sign-ins could not be recorded');
        }
      });
    },
  };
}
