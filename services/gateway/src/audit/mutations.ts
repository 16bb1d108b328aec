/** What is recorded of mutations: the request before its command, the outcome before its answer. */
import { errorCodes } from '@atoll/schema/errors';
import { idKind } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import { type DocumentNode, type FragmentDefinitionNode, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import { toldCredential } from '../auth/authenticate.ts';
import { actorOf, scopeOf, type Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { Client } from './client.ts';
import type { Counted } from './counted.ts';
import { accepted, type Credential, mutationEntry, type Refusal, refused } from './entry.ts';
import type { Recorder } from './recorder.ts';

export interface Asked {
  readonly viewer: Viewer;
  readonly client: Client;
  readonly correlation: string;
}

/** A document, as it came. */
export interface AskedDocument extends Asked {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
}

/** One mutation whose command may be sent. */
export interface OpenMutation {
  /** Each to be awaited before the answer; they never throw. */
  accepted(position: string): Promise<void>;
  refused(why: Refusal): Promise<void>;
}

export interface MutationAudit {
  /** Resolves once it is recorded that it is asked; throws UNAVAILABLE where it can't be. */
  begin(asked: Asked, mutation: string, input: unknown, changedTenant: string): Promise<OpenMutation>;
  /** One that leads to no command. Throws UNAVAILABLE where it can't be recorded. */
  refuse(asked: Asked, mutation: string, input: unknown, why: Refusal): Promise<void>;
  /** A whole request that is turned away before any of its mutations is looked at. Never throws. */
  refuseRequest(request: AskedDocument, error: unknown): Promise<void>;
}

const maxFields = 20;

/** The root fields of a mutation, by name; of a request that wasn't planned. */
function rootFields({ document, operationName }: AskedDocument): readonly string[] {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'mutation') return [];
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const names: string[] = [];
  const visit = ({ selections }: SelectionSetNode, depth: number): void => {
    for (const selection of selections) {
      if (names.length >= maxFields || depth > 10) return;
      if (selection.kind === Kind.FIELD) names.push(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet, depth + 1);
      else {
        const fragment = fragments.get(selection.name.value);
        if (fragment) visit(fragment.selectionSet, depth + 1);
      }
    }
  };
  visit(operation.selectionSet, 0);
  return names.filter((name) => !name.startsWith('__'));
}

/** Ids that the input names, its own level only: what the mutation is about. */
const targets = (input: unknown): string[] =>
  typeof input === 'object' && input !== null
    ? Object.values(input).filter((value): value is string => typeof value === 'string' && idKind(value) !== null)
    : [];

/** A token of the platform itself names no issuer; that of a service account is known by the account. */
function credentialOf({ credential, subject }: Viewer): Credential {
  const told = toldCredential(credential);
  if (told !== null) return told;
  const account = idKind(subject) === 'serviceAccount';
  return account ? { kind: 'serviceAccount', issuer: null, id: subject } : { kind: 'token', issuer: null, id: null };
}

export function createMutationAudit(recorder: Recorder, counted: Counted, log: Logger): MutationAudit {
  const entryOf = (asked: Asked, mutation: string, input: unknown, changedTenant: string | null) =>
    mutationEntry({
      scope: scopeOf(asked.viewer),
      actor: actorOf(asked.viewer),
      correlation: asked.correlation,
      credential: credentialOf(asked.viewer),
      client: asked.client,
      mutation,
      target: targets(input),
      changedTenant,
    });

  return {
    async begin(asked, mutation, input, changedTenant) {
      const entry = entryOf(asked, mutation, input, changedTenant);
      await recorder.open(entry);
      return {
        accepted: (position) => recorder.close(entry.id, accepted(position)),
        refused: (why) => recorder.close(entry.id, refused(why)),
      };
    },
    refuse: (asked, mutation, input, why) => recorder.record(entryOf(asked, mutation, input, null), refused(why)),
    async refuseRequest(request, error) {
      if (!(error instanceof ApiError)) return;
      const { code } = error;
      for (const mutation of rootFields(request)) {
        const entry = () => entryOf(request, mutation, null, null);
        const tell = async (count: number) => {
          const outcome = refused({ code });
          const data = count === 1 ? outcome.data : { ...outcome.data, count };
          try {
            await recorder.record(entry(), { ...outcome, data });
          } catch (failure) {
            log.warn({ err: failure, mutation, code, count }, 'a refused mutation could not be recorded');
          }
        };
        // None of it was paid for: whoever asks again and again for what they get never would fill the log.
        if (['request', 'access'].includes(errorCodes[code].kind))
          await counted.count(scopeOf(request.viewer), `${request.viewer.subject} ${mutation} ${code}`, tell);
        else await tell(1);
      }
    },
  };
}
