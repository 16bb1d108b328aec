/** What an environment's rules are now, and what has run where: looked up for a decision that its commit makes sure of. */
import { type CommandOutcome, type EventStore, loadState } from '@atoll/events/store';
import { imagesOf } from '@atoll/schema/deploy/processes';
import type { Rejection } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { type Admission, imageParts, refusedImage } from './domain/admission.ts';
import { deploymentDecider } from './domain/decide.ts';
import { environmentDecider, type KnownEnvironment } from './domain/environment.ts';
import { namespaceDecider } from './domain/namespace.ts';
import { deploymentStream, environmentStream, namespaceStream } from './domain/streams.ts';

export interface AdmissionNeeds {
  readonly store: EventStore;
  readonly pool: Pool;
  /** Resolves once the tables have what was committed so far; false at the deadline (Unix ms). */
  readonly caughtUp: (deadline: number) => Promise<boolean>;
}

/** How long it waits for what this context itself has committed. */
const OWN_MS = 2000;
/** Each is lost to another change of the rules. */
const TRIES = 5;

async function ranIn(pool: Pool, environments: readonly string[], digests: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ digest: string }>({
    name: 'deploy-image-ran',
    text: 'select digest from deploy.image_ran where environment_id = any($1) and digest = any($2)',
    values: [environments, digests],
  });
  return new Set(rows.map(({ digest }) => digest));
}

/** Which of the images the environment takes no longer, each with the reason. Null: there is no such environment of the tenant. */
export async function judgeImages(
  needs: AdmissionNeeds,
  tenant: string,
  environmentId: Id<'environment'>,
  images: readonly string[],
): Promise<{ readonly image: string; readonly refusal: Rejection }[] | null> {
  const stream = environmentStream(environmentId);
  const loaded = await loadState(needs.store, { decider: environmentDecider, stream });
  if (loaded.tenant !== tenant || loaded.state.status !== 'KNOWN') return null;
  const admission = await promotedTo(needs, loaded.state, images);
  return images.flatMap((image) => {
    const refusal = refusedImage(image, admission);
    return refusal === null ? [] : [{ image, refusal }];
  });
}

/** Null where the namespace's environment has no rules here: none were ever set. */
async function admissionOf(
  needs: AdmissionNeeds,
  namespaceId: Id<'namespace'>,
  images: readonly string[],
): Promise<Admission | null> {
  const { store } = needs;
  const { state: namespace } = await loadState(store, {
    decider: namespaceDecider,
    stream: namespaceStream(namespaceId),
  });
  return namespace.status === 'NONE' ? null : await admissionIn(needs, namespace.environmentId, images);
}

/** Null where the environment has no rules here. */
export async function admissionIn(
  needs: AdmissionNeeds,
  environmentId: Id<'environment'>,
  images: readonly string[],
): Promise<Admission | null> {
  const stream = environmentStream(environmentId);
  const { state: environment } = await loadState(needs.store, { decider: environmentDecider, stream });
  return environment.status === 'KNOWN' ? await promotedTo(needs, environment, images) : null;
}

async function promotedTo(
  { pool, caughtUp }: AdmissionNeeds,
  environment: KnownEnvironment,
  images: readonly string[],
): Promise<Admission> {
  if (!environment.rules.promotedOnly) return { environment, promoted: new Set() };
  const digests = [...new Set(images.map((image) => imageParts(image).digest))];
  let promoted = await ranIn(pool, environment.sources, digests);
  if (promoted.size < digests.length) {
    // Whoever has just seen a rollout complete isn't refused because the table lags.
    await caughtUp(Date.now() + OWN_MS);
    promoted = await ranIn(pool, environment.sources, digests);
  }
  return { environment, promoted };
}

/** Decided on the rules as they are; where they change before the commit, on what they are then. */
export async function admitted(
  needs: AdmissionNeeds,
  of: { readonly namespaceId: Id<'namespace'> } | { readonly deploymentId: Id<'deployment'> },
  images: readonly string[] | undefined,
  decide: (admission: Admission | null, conflict: (set: string) => void) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    let again = false;
    const found = await whereAndWhat(needs.store, of, images);
    const admission = found && (await admissionOf(needs, found.namespaceId, found.images));
    const outcome = await decide(admission, (set) => {
      again = set === 'image-rules';
    });
    if (!again || attempt === TRIES) return outcome;
  }
}

async function whereAndWhat(
  store: EventStore,
  of: { readonly namespaceId: Id<'namespace'> } | { readonly deploymentId: Id<'deployment'> },
  images: readonly string[] | undefined,
) {
  if ('namespaceId' in of) return { namespaceId: of.namespaceId, images: images ?? [] };
  const stream = deploymentStream(of.deploymentId);
  const { state } = await loadState(store, { decider: deploymentDecider, stream });
  if (state.status !== 'ACTIVE') return null;
  const own = state.target === null ? [] : imagesOf(state.target.spec);
  return { namespaceId: state.namespaceId, images: [...own, ...(images ?? [])] };
}
