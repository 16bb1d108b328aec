/** Asks the owner of holders what they hold, as its own streams say. */
import type { Context } from '@atoll/schema/contexts';
import { holdingsSubject } from '@atoll/schema/subjects';
import { type HoldingsReply, type HoldingsRequest, holdingsReply } from '@atoll/schema/tenancy/quotas';
import { type NatsConnection, requestJson } from '@atoll/service/nats';

const timeoutMs = 10_000;

/** Throws RpcUnavailable or RpcTimeout where the owner isn't there. */
export async function askHoldings(
  nc: NatsConnection,
  owner: Context,
  request: HoldingsRequest,
): Promise<HoldingsReply> {
  const answer = await requestJson(nc, holdingsSubject(owner), request, { timeoutMs });
  const parsed = holdingsReply.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Error(`The ${owner} service doesn't say what is held: ${JSON.stringify(answer).slice(0, 500)}`);
}
