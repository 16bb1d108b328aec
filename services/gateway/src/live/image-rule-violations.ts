/** `Query.imageRuleViolations`: what runs in an environment, judged by deploy as an upgrade to it would be. */
import { MAX_JUDGED_IMAGES } from '@atoll/schema/deploy/commands';
import { type Id, idKind } from '@atoll/schema/ids';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import { defaultPage, maxPage } from '../read/compile/page.ts';
import type { Reader } from '../read/reader.ts';
import { askService, type Commands } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

/** Milliseconds. */
const patience = 10_000;
/** Of one request; where not all are looked at, the next page goes on there. */
const maxBatches = 10;
const permission = 'deployment:read';

interface Running {
  readonly deploymentId: string;
  readonly deploymentName: string;
  readonly namespaceId: string;
  readonly image: string;
}
interface Violation extends Running {
  readonly code: string;
  readonly message: string;
}

const runningSql = {
  name: 'image_rules_running',
  text: `select json_build_object(
      'deploymentId', d.id, 'deploymentName', d.name, 'namespaceId', d.namespace_id, 'image', r.image)
    from read.deployment d
      join read.namespace n on n.id = d.namespace_id and n.tenant_id = d.tenant_id
      join read.release r on r.id = d.current_release_id and r.tenant_id = d.tenant_id
    where d.tenant_id = $1::text and n.environment_id = $2::text and d.id > $3::text
    order by d.id limit $4::int`,
};

const notFound = () => new ApiError('NOT_FOUND', '`environmentId` is no environment of yours.');

export function createImageRuleViolations(needs: {
  commands: Commands;
  reader: Reader;
  locator: Locator;
}): LiveResolver {
  const { commands, reader, locator } = needs;

  async function refusals(viewer: Viewer, environmentId: Id<'environment'>, images: string[]) {
    const question = { context: 'deploy', question: 'JudgeImages', data: { environmentId, images }, patience } as const;
    const { refusals: told } = await askService(commands, viewer, question).catch((error: unknown) => {
      // Its rules have not come to deploy: then there are none that could be broken.
      if (error instanceof ApiError && error.code === 'NOT_FOUND') return { refusals: [] };
      throw error;
    });
    return new Map(told.map((one) => [one.image, one]));
  }

  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const { tenant } = viewer;
      const environmentId = String(args.environmentId);
      if (tenant === null || idKind(environmentId) !== 'environment') throw notFound();
      const first = args.first ?? defaultPage;
      if (typeof first !== 'number' || first < 1 || first > maxPage) {
        throw new ApiError('BAD_USER_INPUT', `\`first\` must be from 1 to ${maxPage}.`);
      }
      if (args.after != null && idKind(String(args.after)) !== 'deployment') {
        throw new ApiError('CURSOR_MALFORMED', '`after` is no cursor: give it the `endCursor` of the page before.');
      }
      const where = { id: environmentId, where: 'Query.imageRuleViolations' };
      const admission = await admit(locator, viewer, permission, where);
      if (admission.kind === 'forbidden') throw admission.error;
      if (admission.kind === 'missing' || (await locator.locate(tenant, environmentId)) === null) throw notFound();

      const found: Violation[] = [];
      let cursor = args.after == null ? '' : String(args.after);
      let more = true;
      for (let batch = 0; batch < maxBatches && more && found.length < first; batch++) {
        const rows = await reader.rows(tenant, runningSql, [tenant, environmentId, cursor, MAX_JUDGED_IMAGES]);
        const running = rows.map((text): Running => JSON.parse(text));
        more = running.length === MAX_JUDGED_IMAGES;
        if (running.length === 0) break;
        const refused = await refusals(viewer, environmentId as Id<'environment'>, [
          ...new Set(running.map(({ image }) => image)),
        ]);
        for (const [index, one] of running.entries()) {
          const refusal = refused.get(one.image);
          if (refusal) found.push({ ...one, code: refusal.code, message: refusal.message });
          cursor = one.deploymentId;
          if (found.length === first) {
            more ||= index < running.length - 1;
            break;
          }
        }
      }
      return {
        nodes: found,
        edges: found.map((node) => ({ cursor: node.deploymentId, node })),
        pageInfo: {
          hasNextPage: more,
          hasPreviousPage: args.after != null,
          startCursor: found[0]?.deploymentId ?? null,
          endCursor: cursor === '' ? null : cursor,
        },
      };
    },
  };
}
