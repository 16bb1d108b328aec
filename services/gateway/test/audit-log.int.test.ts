/** The chained log: what is altered in the database is named, what is trimmed is marked, and everybody reads their own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { link } from '@atoll/schema/audit/chain';
import { createVerifier, type Verdict } from '@atoll/schema/audit/verify';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AskLog, readChainHead, recordLines, startLine } from '../src/audit/chained.ts';
import { createHeadSigner } from '../src/audit/head-signer.ts';
import { trimLog } from '../src/audit/trim.ts';
import { resetReadModels } from '../src/project/rebuild.ts';
import { log as logger } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  await everything(platform, acme);
});
afterAll(() => platform.stop());

const sql = (text: string, values: readonly unknown[] = []) =>
  platform.database.superuser.query(text, [...values]).then(({ rows }) => rows);
const ask: AskLog = async (_scope, { text }, values) => {
  const { rows } = await platform.database.superuser.query<string[]>({ text, values: [...values], rowMode: 'array' });
  return rows.flatMap(([first]) => (first === undefined ? [] : [first]));
};

/** The log in the database as it is now, against heads that were signed before. */
async function verified(heads: readonly string[] = [], tenant: string = acme.id): Promise<Verdict> {
  const verifier = createVerifier({ keys: platform.heads.jwks.keys, heads });
  const head = await readChainHead(ask, tenant);
  verifier.take(await startLine(ask, tenant, head, head.trimmed));
  for await (const text of recordLines(ask, tenant, head.trimmed, Number.MAX_SAFE_INTEGER)) {
    verifier.take(JSON.parse(text));
  }
  return verifier.end();
}

const signedHead = async (token = acme.admin): Promise<string> =>
  (await platform.query(token, '{ logHead { cursor hash signed } }')).body.data.logHead.signed;

/** Does something to the database, verifies, and puts everything back. */
async function tampered(statements: string, heads: readonly string[] = []): Promise<Verdict> {
  await sql('create table read.kept as select * from read.tenant_log');
  await sql('create table read.kept_head as select * from read.tenant_log_head');
  try {
    await sql(statements.replaceAll('$acme', `'${acme.id}'`));
    return await verified(heads);
  } finally {
    await sql(`truncate read.tenant_log, read.tenant_log_head;
      insert into read.tenant_log select * from read.kept; insert into read.tenant_log_head select * from read.kept_head;
      drop table read.kept, read.kept_head`);
  }
}

const exported = async (token: string, after?: string) => {
  const response = await fetch(`${platform.url}/audit/log.jsonl${after === undefined ? '' : `?after=${after}`}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  return { status: response.status, lines: text.split('\n').filter((line) => line !== '') };
};
const verifyLines = (lines: readonly string[], heads: readonly string[] = []) => {
  const verifier = createVerifier({ keys: platform.heads.jwks.keys, heads });
  for (const line of lines) verifier.take(JSON.parse(line));
  return verifier.end();
};

describe('verifying names the first record that', () => {
  const faults: readonly [string, string, object][] = [
    [
      'was edited',
      `update read.tenant_log set actor = 'user:eve' where tenant_id = $acme and cursor = 7`,
      { cursor: 7 },
    ],
    [
      'was edited in its facts',
      `update read.tenant_log set data = '{}' where tenant_id = $acme and cursor = 3`,
      { cursor: 3, kind: 'altered' },
    ],
    [
      'was edited in what it changed',
      `update read.tenant_log set changes = null where tenant_id = $acme and cursor = 1`,
      { cursor: 1, kind: 'altered' },
    ],
    [
      'was deleted',
      `delete from read.tenant_log where tenant_id = $acme and cursor = 5`,
      { cursor: 5, kind: 'missing' },
    ],
    [
      'was deleted, those behind it moved up',
      `delete from read.tenant_log where tenant_id = $acme and cursor = 5;
       update read.tenant_log set cursor = -cursor where tenant_id = $acme and cursor > 5;
       update read.tenant_log set cursor = -cursor - 1 where tenant_id = $acme and cursor < 0`,
      { cursor: 5, kind: 'altered' },
    ],
    [
      'changed its place',
      `update read.tenant_log set cursor = -1 where tenant_id = $acme and cursor = 4;
       update read.tenant_log set cursor = 4 where tenant_id = $acme and cursor = 6;
       update read.tenant_log set cursor = 6 where tenant_id = $acme and cursor = -1`,
      { cursor: 4, kind: 'altered' },
    ],
    [
      'was put in',
      `update read.tenant_log set cursor = -cursor where tenant_id = $acme and cursor >= 8;
       update read.tenant_log set cursor = -cursor + 1 where tenant_id = $acme and cursor < 0;
       insert into read.tenant_log (tenant_id, cursor, event_id, type, resource_id, time, actor, correlation, data, hash)
         select tenant_id, 8, 'evt_forged', type, resource_id, time, actor, correlation, data, hash
         from read.tenant_log where tenant_id = $acme and cursor = 7`,
      { cursor: 8, kind: 'altered', id: 'evt_forged' },
    ],
    [
      'was taken from the beginning without a mark',
      `delete from read.tenant_log where tenant_id = $acme and cursor <= 4;
       update read.tenant_log_head set trimmed = 4,
         trimmed_hash = (select hash from read.kept where tenant_id = $acme and cursor = 4) where tenant_id = $acme`,
      { cursor: 1, kind: 'unmarked-gap' },
    ],
  ];
  for (const [name, statements, fault] of faults) {
    it(name, async () => {
      expect(await tampered(statements)).toMatchObject({ ok: false, fault });
      expect(await verified()).toMatchObject({ ok: true });
    });
  }

  it('is missing from the tail, against a signed head', async () => {
    const head = await signedHead();
    const cut = `delete from read.tenant_log where tenant_id = $acme and cursor > 9;
      update read.tenant_log_head set cursor = 9, hash = (select hash from read.kept where tenant_id = $acme and cursor = 9)
      where tenant_id = $acme`;
    expect(await tampered(cut)).toMatchObject({ ok: true, log: { last: 9 } });
    expect(await tampered(cut, [head])).toMatchObject({ ok: false, fault: { kind: 'truncated', cursor: 10 } });
  });

  it('may be it, where the whole chain was computed anew: one behind the last signed head that still holds', async () => {
    const early = await signedHead();
    await everything(platform, acme, 'later');
    const late = await signedHead();
    const { cursor } = JSON.parse(Buffer.from(early.split('.')[1] ?? '', 'base64url').toString());
    const { lines } = await exported(acme.admin);
    let hash = '';
    const forged = lines.slice(0, -1).map((text) => {
      const line = JSON.parse(text);
      if (line.kind === 'record') {
        if (Number(line.cursor) === Number(cursor) + 3) line.actor = 'user:eve';
        hash = link(hash, line);
        return JSON.stringify({ ...line, hash });
      }
      hash = line.hash;
      return text;
    });
    expect(verifyLines(forged)).toMatchObject({ ok: true });
    expect(verifyLines(forged, [early, late])).toMatchObject({
      ok: false,
      fault: { kind: 'altered', cursor: Number(cursor) + 1 },
    });
  });

  it('and takes no head that somebody else has signed', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const other = await (await createHeadSigner(await exportJWK(privateKey))).sign({
      ...{ tenant: acme.id, cursor: 3, hash: 'ab' },
    });
    expect(await verified([other])).toMatchObject({ ok: false, fault: { kind: 'bad-head' } });
    // Nor a token of the platform, though it is a JWS, too.
    expect(await verified([await platform.issuer.sign({ subject: 'x', tenant: acme.id }, 60)])).toMatchObject({
      ok: false,
      fault: { kind: 'bad-head' },
    });
  });
});

describe('the export', () => {
  it('is the whole log, and verifies with nothing but the public keys', async () => {
    const { status, lines } = await exported(acme.admin);
    expect(status).toBe(200);
    const [{ count }] = await sql('select count(*)::int from read.tenant_log where tenant_id = $1', [acme.id]);
    const keys = await (await fetch(`${platform.url}/.well-known/atoll-log-keys.json`)).json();
    expect(JSON.stringify(keys)).not.toContain('"d"');
    expect(verifyLines(lines)).toMatchObject({
      ok: true,
      log: { tenant: acme.id, records: count, first: 1, last: count, head: { cursor: String(count) } },
    });
    expect(lines.join('\n')).not.toContain(globex.id);
  });

  it('verifies with the one file that auditors are given, which names the record that was altered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atoll-log-'));
    try {
      const { lines } = await exported(acme.admin);
      const [log, keys] = [join(folder, 'log.jsonl'), join(folder, 'keys.json')];
      writeFileSync(keys, JSON.stringify(platform.heads.jwks));
      const program = fileURLToPath(new URL('../../../examples/verify-log.ts', import.meta.url));
      const verify = (text: string) => {
        writeFileSync(log, text);
        return spawnSync(process.execPath, [program, log, keys], { encoding: 'utf8' });
      };
      expect(verify(lines.join('\n')).stdout).toContain(`all is as it was up to record ${lines.length - 2}`);
      const edited = lines.map((line, n) => (n === 4 ? line.replace('user:test', 'user:eve') : line));
      expect(verify(edited.join('\n'))).toMatchObject({ status: 1, stderr: expect.stringContaining('at record 4:') });
      const cut = lines.filter((_, n) => n !== lines.length - 2);
      expect(verify(cut.join('\n')).stderr).toContain(`at record ${lines.length - 2}:`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('goes on from a cursor, and the parts verify one after the other, not alone', async () => {
    const { lines } = await exported(acme.admin);
    const first = lines.slice(0, 6);
    const { lines: rest } = await exported(acme.admin, '5');
    expect(verifyLines([...first, ...rest])).toMatchObject({ ok: true, log: { first: 1 } });
    expect(verifyLines(rest)).toMatchObject({ ok: false, fault: { kind: 'unmarked-gap' } });
    const { lines: gap } = await exported(acme.admin, '7');
    expect(verifyLines([...first, ...gap])).toMatchObject({ ok: false, fault: { kind: 'missing', cursor: 6 } });
  });

  it('is refused to those who may not audit, without a token, and from no cursor', async () => {
    expect((await exported(acme.viewer)).status).toBe(403);
    expect((await exported('none')).status).toBe(401);
    expect((await exported(acme.admin, 'here')).status).toBe(400);
    expect((await exported(acme.admin, '999999')).status).toBe(400);
  });
});

const log = `query ($filter: AuditFilter, $first: Int, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) {
    nodes { cursor type actor resourceId outcome: data changes { kind id before after } hash }
    pageInfo { hasNextPage endCursor }
  }
}`;

describe('the audit log', () => {
  it('shows records newest first, by pages, and by each filter', async () => {
    const all: { cursor: string }[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { body } = await platform.query(acme.admin, log, { first: 7, after });
      all.push(...body.data.auditLog.nodes);
      ({ hasNextPage: more, endCursor: after } = body.data.auditLog.pageInfo);
    }
    const cursors = all.map(({ cursor }) => Number(cursor));
    expect(cursors).toEqual(cursors.map((_, n) => cursors.length - n));

    const of = async (filter: object) =>
      (await platform.query(acme.admin, log, { filter, first: 100 })).body.data.auditLog.nodes;
    expect(await of({ actor: 'user:nobody' })).toEqual([]);
    expect((await of({ type: 'tenancy.NamespaceCreated' }))[0].changes).toMatchObject([
      { kind: 'namespace', before: null, after: { name: 'later' } },
    ]);
    expect((await of({ type: 'tenancy.*' })).length).toBeGreaterThan(1);
    const [{ resourceId }] = await of({ type: 'tenancy.NamespaceCreated' });
    expect((await of({ resource: resourceId })).length).toBeGreaterThan(0);
    expect(await of({ since: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
    expect(await of({ until: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect((await platform.query(acme.admin, log, { filter: { since: 'soon' } })).body.errors[0].extensions.code).toBe(
      'BAD_USER_INPUT',
    );
  });

  it('shows what a mutation changed, found by its correlation', async () => {
    const environmentId = newId('environment');
    const service = serveJson(platform.nc, { subject: 'cmd.tenancy.CreateEnvironment', log: logger }, async (body) => {
      const { correlation } = body as { readonly correlation: string };
      const position = await platform.appendFor(correlation, acme.id, 'tenancy', `environment:${environmentId}`, {
        type: 'EnvironmentCreated',
        data: { environmentId, name: 'seen', kind: 'TEST' },
      });
      return { ok: true, result: { environmentId }, position, version: 1 };
    });
    await platform.nc.flush();
    await platform.query(
      acme.admin,
      'mutation { createEnvironment(input: {name: "seen", kind: TEST}) { position userErrors { code } } }',
    );
    await service.stop();
    const filter = { type: 'audit.*', outcome: 'ACCEPTED' };
    const nodes = await eventually('the mutation is told', async () => {
      const found = (await platform.query(acme.admin, log, { filter })).body.data.auditLog.nodes;
      return found.length > 0 && found;
    });
    expect(nodes[0].changes).toEqual([
      {
        kind: 'environment',
        id: environmentId,
        before: null,
        after: expect.objectContaining({ name: 'seen', kind: 'TEST' }),
      },
    ]);

    // Who may follow the events and not audit sees that there was a request, and nothing of it.
    const { body } = await platform.query(acme.viewer, '{ events(first: 100) { nodes { type data } } }');
    const told = body.data.events.nodes.find(({ type }: { type: string }) => type === 'audit.MutationAccepted');
    expect(told).toEqual({ type: 'audit.MutationAccepted', data: {} });
  });

  it('says of people only to those who may read who the members are', async () => {
    const added = async (token: string) => {
      const { body } = await platform.query(token, '{ events(first: 100) { nodes { type data } } }');
      const told: { type: string; data: object }[] = body.data.events.nodes;
      return told.filter(({ type }) => type === 'tenancy.MemberAdded').map(({ data }) => Object.keys(data).length > 0);
    };
    const forAdmin = await added(acme.admin);
    expect(forAdmin.length).toBeGreaterThan(0);
    expect(forAdmin).not.toContain(false);
    expect(await added(acme.viewer)).toEqual(forAdmin.map(() => false));
  });

  it('is not for viewers, and each tenant has its own', async () => {
    const { body } = await platform.query(acme.viewer, log, {});
    expect(body.errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'audit:read' });
    const { text } = await platform.query(globex.admin, log, { first: 100 });
    expect(text).not.toContain(acme.id);
  });
});

describe('a trimmed log', () => {
  it('says so in a record of the chain, verifies from there on, and is not told again when all is made anew', async () => {
    const before = await signedHead();
    expect(await trimLog(platform.database.owner, acme.id, 6, 'service:operator')).toEqual({
      ok: true,
      from: 1,
      to: 6,
    });
    expect(await verified([before])).toMatchObject({ ok: true, log: { first: 7 } });
    const { body } = await platform.query(acme.admin, log, { filter: { type: 'audit.LogTrimmed' } });
    expect(body.data.auditLog.nodes[0].outcome).toMatchObject({ from: '1', to: '6' });
    expect(verifyLines((await exported(acme.admin)).lines)).toMatchObject({ ok: true, log: { first: 7 } });
    expect((await exported(acme.admin, '2')).status).toBe(400);

    // Further back than the mark says, nobody takes anything unseen.
    expect(
      await tampered(`delete from read.tenant_log where tenant_id = $acme and cursor = 7;
        update read.tenant_log_head set trimmed = 7,
          trimmed_hash = (select hash from read.kept where tenant_id = $acme and cursor = 7) where tenant_id = $acme`),
    ).toMatchObject({ ok: false, fault: { kind: 'unmarked-gap' } });

    const records = () => sql('select event_id from read.tenant_log order by tenant_id, cursor');
    const kept = await records();
    await platform.stopGateway();
    await resetReadModels(platform.database.owner);
    await platform.restartGateway();
    await platform.settled();
    expect(await records()).toEqual(kept);
  });

  it('keeps its newest record, and refuses what makes no sense', async () => {
    const trim = (to: number, tenant: string = acme.id) =>
      trimLog(platform.database.owner, tenant, to, 'service:operator');
    expect(await trim(3)).toMatchObject({ ok: false });
    expect(await trim(0)).toMatchObject({ ok: false });
    expect(await trim(1_000_000)).toMatchObject({ ok: false });
    expect(await trim(1, newId('tenant'))).toMatchObject({ ok: false });
  });
});
