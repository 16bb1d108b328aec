/**
 * What decides in this context which images an environment takes: tenancy's rules, as far as they have come here. Stream
 * `environment:<id>`. The newest revision is a mark, and what is deployed under rules requires it in its commit: what was
 * decided on older rules isn't committed, over any number of processes.
 */
import { accept, type Claim, type Decider, type Decision } from '@atoll/events/decider';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import { equal } from '@atoll/schema/equal';
import type { Id } from '@atoll/schema/ids';
import { type ImageRules, noImageRules } from '@atoll/schema/tenancy/environments';

export const IMAGE_RULES = 'image-rules';

type Env = Id<'environment'>;
export type EnvironmentEvent = Extract<DeployEvent, { type: `EnvironmentRules${string}` }>;

export interface KnownEnvironment {
  readonly status: 'KNOWN';
  readonly environmentId: Env;
  readonly revision: number;
  readonly rules: ImageRules;
  /** Environments that promote to it, sorted. */
  readonly sources: readonly Env[];
}
export type EnvironmentState = { readonly status: 'NONE' } | KnownEnvironment | { readonly status: 'GONE' };

export type EnvironmentCommand = { readonly environmentId: Env } & (
  | { readonly action: 'adopt' }
  /** It is gone, and nothing is in it. */
  | { readonly action: 'drop' }
  | { readonly action: 'setRules'; readonly rules: ImageRules }
  | { readonly action: 'addSource' | 'removeSource'; readonly source: Env }
);

const markOf = (environmentId: Env, revision: number) => `${environmentId}@${revision}`;

/** For whatever is decided on the rules as they are. */
export const rulesUnchanged = ({ environmentId, revision }: KnownEnvironment): Claim => ({
  op: 'require',
  set: IMAGE_RULES,
  key: markOf(environmentId, revision),
});

function next(
  state: EnvironmentState,
  command: Exclude<EnvironmentCommand, { action: 'drop' }>,
): Pick<KnownEnvironment, 'rules' | 'sources'> {
  const { rules, sources } = state.status === 'KNOWN' ? state : { rules: noImageRules, sources: [] };
  switch (command.action) {
    case 'adopt':
      return { rules, sources };
    case 'setRules':
      return { rules: command.rules, sources };
    case 'addSource':
      return { rules, sources: [...new Set([...sources, command.source])].sort() };
    case 'removeSource':
      return { rules, sources: sources.filter((source) => source !== command.source) };
    default:
      return command satisfies never;
  }
}

function decide(state: EnvironmentState, command: EnvironmentCommand): Decision<EnvironmentEvent> {
  const { environmentId } = command;
  // What is told late of what is gone brings nothing back.
  if (state.status === 'GONE') return accept<EnvironmentEvent>([]);
  const before = state.status === 'KNOWN' ? state : null;
  const mark = { kind: 'unique', set: IMAGE_RULES, owner: environmentId } as const;
  const released: readonly Claim[] = before
    ? [{ op: 'release', ...mark, key: markOf(environmentId, before.revision) }]
    : [];
  if (command.action === 'drop') {
    return accept<EnvironmentEvent>([{ type: 'EnvironmentRulesDropped', data: { environmentId } }], released);
  }
  const { rules, sources } = next(state, command);
  if (before && equal([rules, sources], [before.rules, before.sources])) {
    return accept<EnvironmentEvent>([]);
  }
  const revision = (before?.revision ?? 0) + 1;
  return accept<EnvironmentEvent>(
    [{ type: 'EnvironmentRulesAdopted', data: { environmentId, revision, rules, sources: [...sources] } }],
    [...released, { op: 'take', ...mark, key: markOf(environmentId, revision) }],
  );
}

export const environmentDecider: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve: (_state, event) =>
    event.type === 'EnvironmentRulesDropped' ? { status: 'GONE' } : { status: 'KNOWN', ...event.data },
};
