/**
 * What of an event's data is told in a tenant's log: everything but secrets and personal data, whose place has null. The
 * log is read by viewers and partners, and kept: what is erased couldn't be taken out of it again.
 */
import type { Context } from '@atoll/schema/contexts';
import { deployEvents } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import { networkEvents } from '@atoll/schema/network/events';
import { personalTypes, withoutPersonal } from '@atoll/schema/personal';
import { tenancyEvents } from '@atoll/schema/tenancy/events';

type Data = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values of environment variables are where people put passwords. */
function withoutValues(env: unknown): Data {
  return isRecord(env) ? Object.fromEntries(Object.keys(env).map((name) => [name, '(hidden)'])) : {};
}

function withoutHash({ secretHash, ...rest }: Data): Data {
  void secretHash;
  return rest;
}

/** Of the main process and of those beside it. */
const withoutEnv = (spec: Data): Data => ({
  ...spec,
  env: withoutValues(spec.env),
  ...(Array.isArray(spec.others)
    ? { others: spec.others.map((one) => (isRecord(one) ? { ...one, env: withoutValues(one.env) } : one)) }
    : {}),
});

const redactions: Readonly<Record<string, (data: Data) => Data>> = {
  'tenancy.ServiceAccountCreated': withoutHash,
  'tenancy.ApiKeyCreated': withoutHash,
  'tenancy.MemberInvited': withoutHash,
  'tenancy.ServiceAccountSecretRotated': ({ secrets, ...rest }) => ({
    ...rest,
    secrets: Array.isArray(secrets) ? secrets.map((secret) => ({ ...secret, hash: '(hidden)' })) : [],
  }),
  'deploy.ReleaseCreated': (data) => (isRecord(data.spec) ? { ...data, spec: withoutEnv(data.spec) } : data),
};

const personal: Readonly<Record<Context, ReturnType<typeof personalTypes>>> = {
  tenancy: personalTypes(tenancyEvents),
  deploy: personalTypes(deployEvents),
  network: personalTypes(networkEvents),
};

export function toldData(event: Pick<EventRecord, 'context' | 'type' | 'data'>): Data {
  const fields = personal[event.context].get(event.type) ?? [];
  const all = withoutPersonal(fields, event.data);
  const data = isRecord(all) ? all : {};
  const redact = redactions[`${event.context}.${event.type}`];
  return redact ? redact(data) : data;
}
