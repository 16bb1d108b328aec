/** What of an event's data is told in a tenant's log: everything but secrets. The log is read by viewers and partners. */
import type { EventRecord } from '@atoll/schema/envelope';

type Data = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values of environment variables are where people put passwords. */
function withoutValues(env: unknown): Data {
  return isRecord(env) ? Object.fromEntries(Object.keys(env).map((name) => [name, '(hidden)'])) : {};
}

const redactions: Readonly<Record<string, (data: Data) => Data>> = {
  'tenancy.ServiceAccountCreated': ({ secretHash, ...rest }) => {
    void secretHash;
    return rest;
  },
  'deploy.ReleaseCreated': (data) =>
    isRecord(data.spec) ? { ...data, spec: { ...data.spec, env: withoutValues(data.spec.env) } } : data,
};

export function toldData(event: Pick<EventRecord, 'context' | 'type' | 'data'>): Data {
  const data = isRecord(event.data) ? event.data : {};
  const redact = redactions[`${event.context}.${event.type}`];
  return redact ? redact(data) : data;
}
