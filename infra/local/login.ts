/** Who can log in here: a user for each role of each seeded tenant, with a password of this home's. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { apiAudience, type LoginFile, loginFile } from '../issuer/config.ts';
import { readJson, writeJson } from '../process/files.ts';
import type { Ready } from './ready.ts';
import type { Secrets } from './secrets.ts';
import { adminOf, ask, developerOf, ownerOf, seededTenants } from './seed.ts';
import type { TokenClaims } from './tokens.ts';

const roles = ['owner', 'admin', 'developer', 'viewer'] as const;
/** Where the portal is while somebody works on it (Vite). */
const portalPorts = [5173];

type User = Ready['login']['users'][number];

export const usersOf = (secrets: Secrets): readonly User[] =>
  seededTenants.flatMap((tenant) =>
    roles.map((role) => {
      const login = `${tenant}-${role}`;
      return { login, password: secrets.password(`login ${login}`), tenant, role };
    }),
  );

async function newKey(): Promise<LoginFile['keys'][number]> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kty: 'EC', kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' };
}

/** The file that the issuer's process reads: its keys stay as they are, the rest follows the home. */
export async function writeLogin(path: string, secrets: Secrets, publicUrl: string): Promise<void> {
  const before = readJson(path, loginFile);
  const pages = [publicUrl, ...portalPorts.flatMap((port) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`])];
  const file: LoginFile = {
    keys: before?.keys ?? [await newKey()],
    secret: secrets.password('issuer'),
    users: usersOf(secrets).map(({ login, password, tenant, role }) => ({
      ...{ login, password, name: `${role} of ${tenant}`, email: `${login}@${tenant}.example` },
    })),
    redirectUris: pages.flatMap((page) => [`${page}/callback`, `${page}/explorer`]),
  };
  writeJson(path, file);
}

const known = z.object({
  issuers: z.object({ nodes: z.array(z.object({ id: z.string(), name: z.string(), url: z.string() })) }),
  members: z.object({ nodes: z.array(z.object({ subject: z.string() })) }),
});
const failed = z.array(z.object({ code: z.string(), message: z.string() }));
const registered = z.object({
  registerIssuer: z.object({ issuer: z.object({ id: z.string() }).nullable(), userErrors: failed }),
});
const removed = z.object({ removeIssuer: z.object({ userErrors: failed }) });
const added = z.object({ addMember: z.object({ userErrors: failed }) });

const issuerName = 'local';

/** Makes what isn't there yet: each tenant accepts the issuer, and has its owner, its developer and a member for each user. */
export async function seedUsers(options: {
  url: string;
  operator: string;
  tenants: ReadonlyMap<string, string>;
  sign: (claims: TokenClaims) => Promise<string>;
  issuer: string;
  users: readonly User[];
}): Promise<readonly User[]> {
  const { url, operator, tenants, sign, issuer, users } = options;
  const asOperator = { url, token: operator };
  const throwFirst = (what: string, [error]: z.infer<typeof failed>) => {
    if (error) throw new Error(`${what}: ${error.message}`);
  };

  for (const [name, tenantId] of tenants) {
    if (!users.some(({ tenant }) => tenant === name)) continue;
    const admin = { url, token: await sign({ subject: adminOf(name), tenant: tenantId }) };
    const query = '{ issuers(first: 100) { nodes { id name url } } members(first: 100) { nodes { subject } } }';
    const { issuers, members } = await ask(admin, query, {}, known);
    // The port was taken: the issuer is another one now, and nobody comes by the old one any more.
    for (const old of issuers.nodes.filter((one) => one.name === issuerName && one.url !== issuer)) {
      const remove =
        'mutation ($input: RemoveIssuerInput!) { removeIssuer(input: $input) { userErrors { code message } } }';
      const { removeIssuer } = await ask(asOperator, remove, { input: { tenantId, issuerId: old.id } }, removed);
      throwFirst(`The old issuer of ${name} can't be removed`, removeIssuer.userErrors);
    }
    let id = issuers.nodes.find((one) => one.url === issuer)?.id;
    if (id === undefined) {
      const register =
        'mutation ($input: RegisterIssuerInput!) { registerIssuer(input: $input) { issuer { id } userErrors { code message } } }';
      const claims = { subject: 'sub', email: 'email', name: 'name' };
      const input = { tenantId, name: issuerName, url: issuer, audience: apiAudience, algorithms: ['ES256'], claims };
      const { registerIssuer } = await ask(asOperator, register, { input }, registered);
      throwFirst(`The issuer of ${name} can't be registered`, registerIssuer.userErrors);
      id = registerIssuer.issuer?.id ?? '';
    }
    const there = new Set(members.nodes.map(({ subject }) => subject));
    // The tenant was made with its admin and its viewer.
    const wanted = [
      { subject: ownerOf(name), role: 'owner', displayName: null },
      { subject: developerOf(name), role: 'developer', displayName: null },
      ...users
        .filter(({ tenant }) => tenant === name)
        .map(({ login, role }) => ({ subject: `${id}:${login}`, role, displayName: `${role} of ${name}` })),
    ];
    for (const { subject, role, displayName } of wanted) {
      if (there.has(subject)) continue;
      const add = 'mutation ($input: AddMemberInput!) { addMember(input: $input) { userErrors { code message } } }';
      const input = { tenantId, subject, role: role.toUpperCase(), displayName };
      const { addMember } = await ask(
        asOperator,
        add,
        { input: { ...input, idempotencyKey: `local-user-${subject}` } },
        added,
      );
      throwFirst(`${subject} can't become a member of ${name}`, addMember.userErrors);
    }
  }
  return users;
}
