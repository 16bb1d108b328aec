/** Ports in their one shortest spelling: sorted, overlapping and touching ranges merged. */
import type { PolicySpec } from '@atoll/schema/network/spec';
import { byText } from './order.ts';

type PortRange = PolicySpec['ports'][number];

export function mergedPorts(ports: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  const sorted = [...ports].sort((a, b) => byText(a.protocol, b.protocol) || a.from - b.from || a.to - b.to);
  for (const { protocol, from, to } of sorted) {
    const last = merged.at(-1);
    if (last?.protocol === protocol && from <= last.to + 1) {
      merged[merged.length - 1] = { protocol, from: last.from, to: Math.max(last.to, to) };
    } else merged.push({ protocol, from, to });
  }
  return merged;
}
