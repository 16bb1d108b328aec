/** What is asked of the platform stands in the log of whoever asked: once, whatever is repeated or killed in between. */
import { createHash } from 'node:crypto';
import { PLATFORM } from '@atoll/schema/ids';
import type { tenancyCommands } from '@atoll/schema/tenancy/commands';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

let platform: Platform;
let acme: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
});
afterAll(() => platform.stop());

const serving: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(serving.splice(0).map((service) => service.stop()));
});

interface Envelope {
  readonly correlation: string;
  readonly data: Readonly<Record<string, string>>;
}

/** The tenancy service's side of a command. */
async function answering(command: keyof typeof tenancyCommands, answer: (envelope: Envelope) => unknown) {
  const asked: Envelope[] = [];
  serving.push(
    serveJson(platform.nc, { subject: `cmd.tenancy.${command}`, log }, async (body) => {
      asked.push(body as Envelope);
      return await answer(body as Envelope);
    }),
  );
  await platform.nc.flush();
  return asked;
}

async function commit({ data }: Envelope) {
  const environmentId = newId('environment');
  const position = await platform.appendOnly(acme.id, 'tenancy', `environment:${environmentId}`, {
    type: 'EnvironmentCreated',
    data: { environmentId, name: data.name, kind: data.kind },
  });
  return { ok: true, result: { environmentId }, position, version: 1 };
}

const createEnvironment = `mutation ($input: CreateEnvironmentInput!) {
  createEnvironment(input: $input) { environment { id } userErrors { code } position }
}`;
const create = (name: string, more: object = {}, headers: Record<string, string> = {}) =>
  platform.query(acme.admin, createEnvironment, { input: { name, kind: 'TEST', ...more } }, headers);

interface Row {
  readonly type: string;
  readonly actor: string;
  readonly correlation: string;
  // biome-ignore lint/suspicious/noExplicitAny: records of many shapes, looked into by the tests
  readonly data: any;
}

const records = async (tenant: string, where = 'true'): Promise<Row[]> =>
  (
    await platform.database.owner.query<Row>(
      `select type, actor, correlation, data from read.tenant_log
       where tenant_id = $1 and type like 'audit.%' and ${where} order by cursor`,
      [tenant],
    )
  ).rows;

/** Everything that is decided is told. */
const told = () =>
  eventually('what is decided is told', async () => {
    const { rows } = await platform.database.owner.query('select from read.audit_entry where outcome is not null');
    return rows.length === 0;
  });

async function during<T>(work: () => Promise<T>, tenant: string = acme.id): Promise<{ answer: T; records: Row[] }> {
  await told();
  const before = (await records(tenant)).length;
  const answer = await work();
  await told();
  return { answer, records: (await records(tenant)).slice(before) };
}

describe('a mutation leaves one record', () => {
  it('with who, by which credential and client, what for, and that it was accepted where', async () => {
    await answering('CreateEnvironment', commit);
    const { answer, records } = await during(() =>
      create('audited', {}, { 'user-agent': `curl/8 ${'x'.repeat(500)}`, 'atoll-client': 'atoll-sdk/1.2.3' }),
    );
    expect(records).toEqual([
      {
        type: 'audit.MutationAccepted',
        actor: 'user:acme-admin',
        correlation: answer.headers.get('atoll-correlation'),
        data: {
          mutation: 'createEnvironment',
          target: [],
          outcome: 'ACCEPTED',
          position: answer.body.data.createEnvironment.position,
          askedAt: expect.stringMatching(/Z$/),
          credential: { kind: 'token', issuer: null, id: null },
          client: {
            address: '127.0.0.1',
            userAgent: expect.stringMatching(/^curl\/8 x{193}$/),
            sdk: 'atoll-sdk/1.2.3',
          },
        },
      },
    ]);
  });

  it('that the service refuses, with the code and the field', async () => {
    await answering('CreateEnvironment', () => ({
      ok: false,
      error: { code: 'NAME_TAKEN', message: 'The name "private" is taken.', field: 'name' },
    }));
    const { records } = await during(() => create('private'));
    expect(records).toMatchObject([
      { type: 'audit.MutationRefused', data: { outcome: 'REFUSED', code: 'NAME_TAKEN', field: ['name'] } },
    ]);
    expect(JSON.stringify(records)).not.toContain('private');
  });

  it('that the gateway refuses before any command: arguments, keys, permissions', async () => {
    const asked = await answering('CreateEnvironment', commit);
    const { records: own } = await during(async () => {
      await create('x', { idempotencyKey: '' });
      const { body } = await platform.query(acme.viewer, createEnvironment, { input: { name: 'x', kind: 'TEST' } });
      expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
    });
    expect(own).toMatchObject([
      { actor: 'user:acme-admin', data: { code: 'INVALID_ARGUMENT', field: ['idempotencyKey'] } },
      { actor: 'user:acme-viewer', data: { code: 'FORBIDDEN', mutation: 'createEnvironment' } },
    ]);
    expect(asked).toEqual([]);
  });

  it('that somebody may not ask for, at once the first time and then together: nobody fills the log', async () => {
    const forbidden = 'mutation { deleteTenant(input: { confirm: "x" }) { position } }';
    const { records } = await during(async () => {
      for (let n = 0; n < 20; n += 1) await platform.query(acme.viewer, forbidden);
    });
    expect(records).toMatchObject([{ data: { code: 'FORBIDDEN', mutation: 'deleteTenant' } }]);
    const { records: rest } = await during(() => platform.restartGateway());
    expect(rest).toMatchObject([{ actor: 'user:acme-viewer', data: { mutation: 'deleteTenant', count: 19 } }]);
  });

  it('each time that it is asked, and the change stands once', async () => {
    let first: unknown;
    await answering('CreateEnvironment', async (envelope) => (first ??= await commit(envelope)));
    const { records } = await during(async () => {
      await create('again', { idempotencyKey: 'k' });
      await create('again', { idempotencyKey: 'k' });
    });
    expect(records.map(({ data }) => data.outcome)).toEqual(['ACCEPTED', 'ACCEPTED']);
    expect(new Set(records.map(({ data }) => data.position)).size).toBe(1);
  });

  it('a query leaves none', async () => {
    const { records } = await during(() => platform.query(acme.admin, '{ tenant { id } }'));
    expect(records).toEqual([]);
  });
});

describe('no record, no mutation', () => {
  it('where the database refuses the record, nothing is asked of the service', async () => {
    const asked = await answering('CreateEnvironment', commit);
    await platform.database.superuser.query(
      `create function read.no_audit() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$;
       create trigger no_audit before insert on read.audit_entry execute function read.no_audit()`,
    );
    try {
      const { body } = await create('unrecorded');
      expect(body.errors[0].extensions).toMatchObject({ code: 'UNAVAILABLE', retry: 'later' });
      expect(asked).toEqual([]);
    } finally {
      await platform.database.superuser.query('drop function read.no_audit cascade');
    }
    expect((await create('recorded')).body.data.createEnvironment.userErrors).toEqual([]);
    expect(asked).toHaveLength(1);
  });
});

describe('sign-ins', () => {
  const form = (id: string, secret: string) =>
    fetch(`${platform.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
    });

  it('are recorded, refused ones too, and the many that are alike as a number', async () => {
    const secret = 'ats_secret';
    const serviceAccountId = newId('serviceAccount');
    const secretHash = createHash('sha256').update(secret).digest('hex');
    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'ServiceAccountCreated',
      data: { tenantId: acme.id, serviceAccountId, name: 'ci', role: 'admin', secretHash },
    });
    const { records: own } = await during(async () => {
      expect((await form(serviceAccountId, secret)).status).toBe(200);
      for (let n = 0; n < 5; n++) expect((await form(serviceAccountId, 'wrong')).status).toBe(401);
    });
    expect(own).toMatchObject([
      { type: 'audit.SignedIn', actor: `user:${serviceAccountId}`, data: { credential: { id: serviceAccountId } } },
      { type: 'audit.SignInRefused', actor: `user:${serviceAccountId}`, data: { code: 'UNAUTHENTICATED', count: 1 } },
    ]);
    expect(JSON.stringify(own)).not.toMatch(/ats_|wrong/);
    // What is still counted is told when the gateway stops.
    const { records: rest } = await during(() => platform.restartGateway());
    expect(rest).toMatchObject([{ type: 'audit.SignInRefused', data: { count: 4 } }]);
  });

  it('with a token that is none: in the log of the platform', async () => {
    const { records } = await during(() => platform.query('abc.def.ghi', '{ viewer { subject } }'), PLATFORM);
    expect(records).toMatchObject([{ type: 'audit.SignInRefused', data: { code: 'UNAUTHENTICATED' } }]);
    expect(JSON.stringify(records)).not.toContain('abc.def');
  });
});
