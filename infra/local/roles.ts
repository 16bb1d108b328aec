/**
 * Atoll's database, its roles and schemas. Each service has a login role that owns one schema and reaches nothing else;
 * the gateway's reader owns nothing. Repeated at every start: the passwords become those of this home.
 */
import { contexts } from '@atoll/schema/contexts';
import pg from 'pg';
import type { Secrets } from './secrets.ts';

export const DATABASE = 'atoll';
export const READER = 'atoll_reader';
export const roleOf = (service: string) => `atoll_${service}`;

/** Owner → schema. */
const owners = [
  ...contexts.map((context) => ({ role: roleOf(context), schema: context as string })),
  { role: roleOf('gateway'), schema: 'read' },
  { role: roleOf('issuer'), schema: 'issuer' },
];

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function exists(client: pg.Client, query: string, value: string): Promise<boolean> {
  return ((await client.query(query, [value])).rowCount ?? 0) > 0;
}

async function setUpRole(client: pg.Client, role: string, password: string): Promise<void> {
  const there = await exists(client, 'select 1 from pg_roles where rolname = $1', role);
  // Utility statements take no parameters; both parts are escaped as what they are.
  await client.query(
    `${there ? 'alter' : 'create'} role ${pg.escapeIdentifier(role)} with login nosuperuser nocreatedb nocreaterole ` +
      `nobypassrls noreplication password ${pg.escapeLiteral(password)}`,
  );
}

export async function setUpDatabase(adminUrl: string, secrets: Secrets): Promise<void> {
  await connected(adminUrl, async (client) => {
    for (const role of [...owners.map((owner) => owner.role), READER]) {
      await setUpRole(client, role, secrets.password(role));
    }
    if (!(await exists(client, 'select 1 from pg_database where datname = $1', DATABASE))) {
      await client.query(`create database ${DATABASE} encoding 'UTF8' template template0`);
    }
    await client.query(`revoke all on database ${DATABASE} from public`);
  });

  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE}`;
  await connected(url.href, async (client) => {
    const { rows } = await client.query<{ superuser: boolean }>(
      'select rolsuper as superuser from pg_roles where rolname = current_user',
    );
    await client.query('revoke all on schema public from public');
    await client.query(`grant connect on database ${DATABASE} to ${pg.escapeIdentifier(READER)}`);
    for (const { role, schema } of owners) {
      const [owner, name] = [pg.escapeIdentifier(role), pg.escapeIdentifier(schema)];
      await client.query(`grant connect on database ${DATABASE} to ${owner}`);
      // Who isn't a superuser may only give a schema to a role of which it is a member.
      if (!rows[0]?.superuser) await client.query(`grant ${owner} to current_user`);
      await client.query(`create schema if not exists ${name} authorization ${owner}`);
      await client.query(`revoke all on schema ${name} from public`);
      // Where rebuilds make the next version of tables, and leave the last one.
      for (const beside of [`${schema}_next`, `${schema}_last`]) {
        const besideName = pg.escapeIdentifier(beside);
        await client.query(`create schema if not exists ${besideName} authorization ${owner}`);
        await client.query(`revoke all on schema ${besideName} from public`);
      }
    }
    await client.query(`grant usage on schema read to ${pg.escapeIdentifier(READER)}`);
  });
}
