/** Traffic in its one shortest spelling: sorted, overlapping and touching ranges of ports merged. */
import type { PolicyTraffic } from '@atoll/schema/network/spec';
import type { PolicyRule } from '@atoll/schema/node/network';
import { byText } from './order.ts';

export type RuleTraffic = Pick<PolicyRule, 'protocol' | 'ports' | 'icmp'>;

const everything: RuleTraffic = { protocol: null, ports: null, icmp: null };

export function mergedTraffic(traffic: readonly PolicyTraffic[]): RuleTraffic[] {
  if (traffic.length === 0) return [everything];
  const merged: { protocol: 'TCP' | 'UDP'; from: number; to: number }[] = [];
  const ranges = traffic
    .filter((one) => one.protocol !== 'ICMP')
    .sort((a, b) => byText(a.protocol, b.protocol) || a.from - b.from || a.to - b.to);
  for (const { protocol, from, to } of ranges) {
    const last = merged.at(-1);
    if (last?.protocol === protocol && from <= last.to + 1) last.to = Math.max(last.to, to);
    else merged.push({ protocol, from, to });
  }
  const types = traffic.flatMap((one) => (one.protocol === 'ICMP' ? [one.type] : []));
  const icmp = types.includes(null) ? [null] : [...new Set(types)].sort();
  return [
    ...icmp.map((type): RuleTraffic => ({ protocol: 'ICMP', ports: null, icmp: type })),
    ...merged.map(({ protocol, from, to }): RuleTraffic => ({ protocol, ports: { from, to }, icmp: null })),
  ];
}
