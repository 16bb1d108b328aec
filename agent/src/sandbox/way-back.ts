/**
 * Routes by which answers to clients outside go back (render/way-back.ts): for each node that they came by a table with one route,
 * and a rule that leads there what has its mark. Observe → change; everything of these numbers is this node's.
 */
import type { DesiredNetwork, RuleSet } from '@atoll/schema/node/network';
import { type Family, families, familyFacts } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import { canonicalMember } from '../render/set.ts';
import { entrancesOf, markedBy } from '../render/way-back.ts';
import type { NodeCommands } from './commands.ts';
import { routeProtocol } from './host.ts';

interface RuleRow {
  readonly priority: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly table?: string;
  readonly protocol?: string;
}
interface RouteRow {
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly table?: string;
}

/** As `ip` takes them, behind `rule add` or `rule del`, and behind `route replace` or `route del`. */
interface Ways {
  readonly rules: ReadonlySet<string>;
  readonly routes: ReadonlySet<string>;
}
const nothing: Ways = { rules: new Set(), routes: new Set() };

function wantedWays(names: NodeNames, family: Family, rules: RuleSet, pools: readonly string[]): Ways {
  const all = entrancesOf(rules);
  if (all.length === 0) return nothing;
  const ofPool = (pool: string) => `to ${canonicalMember(pool)} lookup main priority ${names.rulePriority}`;
  return {
    rules: new Set([
      // Before any mark: to a pool there is one way.
      ...pools.map(ofPool),
      ...all.map(({ number }) => markRule(names, markedBy(number), names.routeTable(number))),
    ]),
    routes: new Set(all.map(({ number, nextHop }) => backRoute(names, family, nextHop, names.routeTable(number)))),
  };
}

const markRule = (names: NodeNames, mark: string, table: number | string) =>
  `fwmark ${mark} lookup ${table} priority ${names.rulePriority + 1}`;
const backRoute = (names: NodeNames, family: Family, nextHop: string, table: number | string) =>
  `default via ${family === 'ipv4' ? 'inet6 ' : ''}${nextHop} dev ${names.tunnel} onlink table ${table}`;

export async function ensureWayBack(
  commands: NodeCommands,
  names: NodeNames,
  /** Null: none. */
  document: Pick<DesiredNetwork, 'rules' | 'pools'> | null,
): Promise<void> {
  for (const family of families) {
    const wanted = document === null ? nothing : wantedWays(names, family, document.rules, document.pools[family]);
    const there = await observe(commands, names, family);
    const lines = [
      ...missing(wanted.routes, there.routes).map((route) => `route replace ${route} proto ${routeProtocol}`),
      ...missing(wanted.rules, there.rules).map((rule) => `rule add ${rule} protocol ${routeProtocol}`),
      ...missing(there.rules, wanted.rules).map((rule) => `rule del ${rule} protocol ${routeProtocol}`),
      ...missing(there.routes, wanted.routes)
        // One route in a table: what replaces it has taken its place.
        .filter((route) => ![...wanted.routes].some((other) => tableOf(other) === tableOf(route)))
        .map((route) => `route del ${route}`),
    ];
    if (lines.length === 0) continue;
    await commands.run('ip', [`-${familyFacts[family].digit}`, '-batch', '-'], `${lines.join('\n')}\n`);
  }
}

const missing = (all: ReadonlySet<string>, from: ReadonlySet<string>) => [...all].filter((one) => !from.has(one));
const tableOf = (route: string) => route.slice(route.lastIndexOf(' '));

async function observe(commands: NodeCommands, names: NodeNames, family: Family): Promise<Ways> {
  const ask = async <Row>(...args: string[]): Promise<Row[]> => {
    const { stdout } = await commands.run('ip', ['-j', `-${familyFacts[family].digit}`, ...args]);
    return JSON.parse(stdout || '[]') as Row[];
  };
  const rules = (await ask<RuleRow>('rule', 'show')).filter(({ protocol }) => protocol === routeProtocol);
  const first = names.rulePriority;
  const own = rules.filter(({ priority }) => priority === first || priority === first + 1);
  const links = await ask<{ readonly ifname?: string }>('link', 'show', 'type', 'vxlan');
  // Routes go with the tunnel.
  const routes = links.some(({ ifname }) => ifname === names.tunnel)
    ? await ask<RouteRow>('route', 'show', 'table', 'all', 'dev', names.tunnel, 'proto', routeProtocol)
    : [];
  return {
    rules: new Set(
      own.map((rule) =>
        rule.fwmark === undefined
          ? `to ${canonicalMember(`${rule.dst}/${rule.dstlen}`)} lookup ${rule.table} priority ${rule.priority}`
          : markRule(names, `${rule.fwmark}/${rule.fwmask}`, rule.table ?? 'main'),
      ),
    ),
    routes: new Set(
      routes.flatMap(({ dst, table, via, gateway }) =>
        dst === 'default' && table !== undefined
          ? [backRoute(names, family, canonicalMember(via?.host ?? gateway ?? '::'), table)]
          : [],
      ),
    ),
  };
}
