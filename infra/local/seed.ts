/** The tenants that every local platform has, made through the public API. */
import { z } from 'zod';

export const seededTenants = ['acme', 'globex'] as const;
/** Members whom the platform's own issuer knows: those who have tokens from the start. */
export const ownerOf = (tenant: string) => `${tenant}-owner`;
export const adminOf = (tenant: string) => `${tenant}-admin`;
export const developerOf = (tenant: string) => `${tenant}-developer`;
export const viewerOf = (tenant: string) => `${tenant}-viewer`;

const errors = z.array(
  z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() }),
);
const timeoutMs = 20_000;
const attempts = 20;

class ApiError extends Error {
  readonly retry: boolean;
  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retry = retry;
  }
}

async function once<S extends z.ZodType>(
  api: { url: string; token: string },
  query: string,
  variables: Record<string, unknown>,
  shape: S,
): Promise<z.infer<S>> {
  let text: string;
  try {
    const response = await fetch(api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${api.token}` },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError('The API gave no answer.', true, { cause: error });
  }
  const body = z.object({ data: z.unknown(), errors: errors.optional() }).safeParse(JSON.parse(text));
  if (!body.success) throw new ApiError(`The API answered: ${text.slice(0, 500)}`, false);
  const [first] = body.data.errors ?? [];
  if (first) {
    const code = first.extensions?.code ?? '';
    const retry = ['UNAVAILABLE', 'UNKNOWN_OUTCOME', 'DEADLINE_EXCEEDED', 'INTERNAL_SERVER_ERROR'].includes(code);
    throw new ApiError(`The API answered ${code}: ${first.message}`, retry);
  }
  return shape.parse(body.data.data);
}

/** Faults of the platform are tried again: it is just starting, and every mutation here has its key. */
export async function ask<S extends z.ZodType>(...args: Parameters<typeof once<S>>): Promise<z.infer<S>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(...args);
    } catch (error) {
      if (!(error instanceof ApiError && error.retry) || attempt >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

const listed = z.object({
  tenants: z.object({
    nodes: z.array(z.object({ id: z.string(), name: z.string() })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

async function findTenants(api: { url: string; token: string }): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let after: string | null = null;
  do {
    const page: z.infer<typeof listed> = await ask(
      api,
      'query ($after: String) { tenants(first: 100, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }',
      { after },
      listed,
    );
    for (const { id, name } of page.tenants.nodes) found.set(name, id);
    after = page.tenants.pageInfo.hasNextPage ? page.tenants.pageInfo.endCursor : null;
  } while (after !== null && seededTenants.some((name) => !found.has(name)));
  return found;
}

const created = z.object({
  createTenant: z.object({
    tenant: z.object({ id: z.string() }).nullable(),
    userErrors: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
});

/** The first tenant's stages, each promoted to the next: what a new platform shows. */
const seededStages = [
  { name: 'test', kind: 'TEST' },
  { name: 'production', kind: 'PRODUCTION' },
] as const;

const createdStage = z.object({
  createEnvironment: z.object({
    environment: z.object({ id: z.string() }).nullable(),
    userErrors: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
});
const promoted = z.object({ setPromotion: z.object({ userErrors: z.array(z.object({ message: z.string() })) }) });

/** Once: names that the tenant has taken or given up since are left as they are. */
export async function seedStages(api: { url: string; token: string }): Promise<void> {
  const ids: string[] = [];
  for (const { name, kind } of seededStages) {
    const { createEnvironment } = await ask(
      api,
      'mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { environment { id } userErrors { code message } } }',
      { input: { idempotencyKey: `local-seed-${name}`, name, kind } },
      createdStage,
    );
    if (!createEnvironment.environment) return;
    ids.push(createEnvironment.environment.id);
  }
  const [first, second] = ids;
  await ask(
    api,
    'mutation ($input: SetPromotionInput!) { setPromotion(input: $input) { userErrors { message } } }',
    { input: { idempotencyKey: 'local-seed-order', environmentId: first, promotesTo: [second] } },
    promoted,
  );
}

/** Makes what isn't there yet. Resolves to the ids by name. */
export async function seedTenants(api: { url: string; token: string }): Promise<ReadonlyMap<string, string>> {
  const found = await findTenants(api);
  for (const name of seededTenants) {
    if (found.has(name)) continue;
    const { createTenant } = await ask(
      api,
      'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { tenant { id } userErrors { code message } } }',
      { input: { idempotencyKey: `local-seed-${name}`, name, admins: [adminOf(name)], viewers: [viewerOf(name)] } },
      created,
    );
    if (createTenant.tenant) found.set(name, createTenant.tenant.id);
    else
      throw new Error(`The tenant ${name} can't be made: ${createTenant.userErrors.map((e) => e.message).join('; ')}`);
  }
  return found;
}
