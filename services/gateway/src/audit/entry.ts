/** What is told of a request in the log of whoever asked: values, put together here, bounded and free of secrets. */
import { newId } from '@atoll/service/ids';
import type { Client } from './client.ts';

/** How somebody has shown who they are. Never the credential itself. */
export interface Credential {
  readonly kind: 'token' | 'apiKey' | 'serviceAccount' | 'clientCredentials' | 'browser' | 'invitation' | 'none';
  /** Who issued the token. */
  readonly issuer: string | null;
  /** What the credential is known by: prefix of an API key, id of a service account. */
  readonly id: string | null;
}

export const auditTypes = {
  accepted: 'audit.MutationAccepted',
  refused: 'audit.MutationRefused',
  unknown: 'audit.MutationOutcomeUnknown',
  signedIn: 'audit.SignedIn',
  signInRefused: 'audit.SignInRefused',
  trimmed: 'audit.LogTrimmed',
} as const;

/** As it stands in `read.audit_entry`. */
export interface Entry {
  readonly id: string;
  readonly tenant: string;
  readonly correlation: string;
  readonly changedTenant: string | null;
  readonly told: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface MutationAsked {
  /** Whose log tells it. */
  readonly scope: string;
  readonly actor: string;
  readonly correlation: string;
  readonly credential: Credential;
  readonly client: Client;
  readonly mutation: string;
  /** Ids of the input. */
  readonly target: readonly string[];
  /** Whose facts the command would make; null where none is sent. */
  readonly changedTenant: string | null;
}

const maxText = 300;
const cut = (text: string) => (text.length <= maxText ? text : `${text.slice(0, maxText - 1)}…`).toWellFormed();

/** An identifier that an issuer made up passes; what looks like a person's address doesn't. */
const signedInAs = (subject: string): string => `user:${cut(subject.replaceAll(/[^\s@]*@[^\s@]*/g, '(hidden)'))}`;

export function mutationEntry(asked: MutationAsked): Entry {
  const { scope, actor, correlation, credential, client, mutation, target, changedTenant } = asked;
  const id = newId('event');
  return {
    ...{ id, tenant: scope, correlation, changedTenant },
    told: {
      actor,
      resource_id: target[0] ?? (scope === 'platform' ? 'platform' : scope),
      data: { mutation, target: target.slice(0, 10), credential, client, askedAt: new Date().toISOString() },
    },
  };
}

export interface Refusal {
  readonly code: string;
  readonly field?: readonly string[] | null;
}

/** Codes and fields only: a message may have words of the input in it. */
export const refused = ({ code, field }: Refusal): Outcome => ({
  type: auditTypes.refused,
  time: new Date().toISOString(),
  data: { outcome: 'REFUSED', code, field: field?.map(cut).slice(0, 10) ?? null },
});

/** `position` is null where it is known by the events alone. */
export const accepted = (position: string | null): Outcome => ({
  type: auditTypes.accepted,
  time: new Date().toISOString(),
  data: { outcome: 'ACCEPTED', position },
});

/** `code` is what the client was told; null where it was told nothing. */
export const unknown = (code: string | null): Outcome => ({
  type: auditTypes.unknown,
  time: new Date().toISOString(),
  data: { outcome: 'UNKNOWN', code },
});

export interface SignIn {
  /** A tenant's id; `platform` for its own people, and where it isn't known whose they are. */
  readonly scope: string;
  /** The `sub`, or the id of the service account; null where nobody is known. */
  readonly subject: string | null;
  readonly credential: Credential;
  readonly client: Client;
  readonly correlation: string;
}

export function signInEntry(signIn: SignIn): Entry {
  const { scope, subject, credential, client, correlation } = signIn;
  return {
    ...{ id: newId('event'), tenant: scope, correlation, changedTenant: null },
    told: {
      actor: signedInAs(subject ?? 'unknown'),
      resource_id: credential.id ?? scope,
      data: { credential, client },
    },
  };
}

export const signedInOutcome = (): Outcome => ({
  type: auditTypes.signedIn,
  time: new Date().toISOString(),
  data: { outcome: 'ACCEPTED' },
});

/** `count`: how many alike came since the one before was told. */
export const signInRefusedOutcome = (code: string, count: number): Outcome => ({
  type: auditTypes.signInRefused,
  time: new Date().toISOString(),
  data: { outcome: 'REFUSED', code, count },
});
