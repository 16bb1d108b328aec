/** `Query.imageRuleViolations`: what runs in an environment, judged by deploy as an upgrade to it would be. */
import { randomUUID } from 'node:crypto';
import { deployCommands, MAX_JUDGED_IMAGES } from '@atoll/schema/deploy/commands';
import { idKind, type Tenant } from '@atoll/schema/ids';
import type { createCommandClient } from '@atoll/service/commands';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import { defaultPage, maxPage } from '../read/compile/page.ts';
import type { Reader } from '../read/reader.ts';
import type { LiveResolver } from './resolvers.ts';

const answerMs = 10_000;
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
  commands: ReturnType<typeof createCommandClient>;
  reader: Reader;
  locator: Locator;
}): LiveResolver {
  const { commands, reader, locator } = needs;

  async function refusals(tenant: Tenant, subject: string, environmentId: string, images: readonly string[]) {
    const reply = await commands.call('deploy', 'JudgeImages', {
      key: `judge ${randomUUID()}`,
      tenant,
      actor: `user:${subject}`,
      correlation: randomUUID(),
      traceparent: null,
      deadline: Date.now() + answerMs,
      seen: {},
      expectedVersion: null,
      data: { environmentId, images },
    });
    if (reply.ok) {
      const { refusals: told } = deployCommands.JudgeImages.result.parse(reply.result);
      return new Map(told.map((one) => [one.image, one]));
    }
    // Its rules have not come to deploy: then there are none that could be broken.
    if (reply.error.code === 'NOT_FOUND') return new Map();
    throw new ApiError('UNAVAILABLE', 'The images could not be judged at this moment. Try again.');
  }

  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const { tenant, subject } = viewer;
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
        const refused = await refusals(tenant, subject, environmentId, [...new Set(running.map(({ image }) => image))]);
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
