import subprocess,sys,re
R='/tmp/atoll/me/mut/services/network/'
D=['documents'];K=['rules-after-kills']
M=[
('page-begins-after-a-cut-part-too',D,'src/nodes/changes.ts',"const compared = after.at > 0 ? '>=' : '>';","const compared = '>=';"),
('page-skips-a-part-begun',D,'src/nodes/changes.ts',"const compared = after.at > 0 ? '>=' : '>';","const compared = '>';"),
('last-page-off-by-one',D,'src/nodes/changes.ts',"rows.length < maxParts || !last ? null : ({ in: 'parts', list: last.list, key: last.key","rows.length <= maxParts || !last ? null : ({ in: 'parts', list: last.list, key: last.key"),
('members-page-off-by-one',D,'src/nodes/changes.ts',"where (m.set_name, m.member) > ($4, $5)","where (m.set_name, m.member) >= ($4, $5) and m.member <> $5 || '0'"),
('members-cut-set-not-sent',D,'src/nodes/changes.ts',"set.name <= cut.name","set.name < cut.name"),
('members-page-forgets-the-rest',D,'src/nodes/changes.ts',"const compared = after.member === null ? '>' : '>=';","const compared = '>';"),
('fresh-set-only-newer-members',D,'src/nodes/changes.ts',"case when s.fresh then not m.gone else m.generation > $3 end","m.generation > $3"),
('gone-parts-not-sent',D+K,'src/nodes/changes.ts',"operations.push({ op: 'REMOVE', list, key });",""),
('delta-since-inclusive',D+K,'src/nodes/changes.ts',"where node_id = $1 and generation > $2 and list <> 'sets'","where node_id = $1 and generation > $2 + 1 and list <> 'sets'"),
('floor-ignored',D,'src/nodes/pull.ts',"const from = since < floor ? 0 : since;","const from = since;"),
('forgets-what-nodes-need',D,'src/controllers/forgetting.ts',"      and not (coalesce(a.generation, 0) < p.generation and coalesce(${reports}, false))","      and ${reports} is not null"),
('generation-is-the-position',K+['services'],'src/projections/documents.ts',"  Math.max(newest + 1, ...records.map((record) => record.position));","  Math.max(0, ...records.map((record) => record.position));"),
('withdrawal-by-position',['services'],'src/projections/service-tables.ts',"    servingOf[record.type],\n    generation,","    servingOf[record.type],\n    record.position,"),
('token-not-compared',K,'src/projections/compilation.ts',"if (known === null || known.token !== state.token) {","if (known === null) {"),
('rolled-back-compiler-kept',K+D,'src/projections/compilation.ts',"      known = { compiler, token: '' };","      known = { compiler, token: state.token };"),
('compiler-told-after-tables',K+D,'src/projections/compilation.ts',"        compiler.take();\n        known = { compiler, token: state.token };","        known = { compiler, token: state.token };"),
('namespace-level-forgotten',K+['definitions'],'src/projections/intent-refs.ts',"  namespace: 'namespace',\n",""),
('subnets-forgotten',K+D,'src/projections/intent-refs.ts',"if (prefix === 'subnet') return","if (prefix === 'subnetx') return"),
('tenant-suspension-forgotten',K+['suspension'],'src/projections/intent-refs.ts',"  tenant: 'tenant',\n",""),
('schedule-turn-missed',['schedules'],'src/projections/intent.ts',"compiler.policy(policy.policyId, active ? policy : null)","compiler.policy(policy.policyId, active || policy.revision > 0 ? policy : null)"),
('turn-off-passive',['schedules'],'src/projections/intent-refs.ts',"  'PolicyEnforced',\n  'IsolationPolicyLabelsSet',","  'PolicyEnforced',\n  'PolicyDeactivated',\n  'IsolationPolicyLabelsSet',"),
('service-change-of-policies-forgotten',K,'src/projections/intent-refs.ts',"  service: 'service',\n",""),
('set-member-not-gone',K+D,'src/projections/rule-changes.ts',"for (const member of removed) sum.members.set(member, false);",""),
('removed-policies-kept',K+D,'src/projections/rule-changes.ts',"      [parts.policies, policies],\n",""),
('refreshed-forgotten',K+D,'src/projections/rule-changes.ts',"for (const name of used.changed) sum.refreshed.add(name);",""),
('part-back-keeps-since',K+D+['nodes'],'src/projections/parts.ts',"since = case when p.gone then excluded.since else p.since end","since = p.since"),
('section-old-digest-kept',K+['services'],'src/projections/sections.ts',"minus(sum, old === undefined ? 0n : partDigest(list, old))","sum"),
('section-gone-kept',K+['services'],'src/projections/sections.ts',"      parts.push({ nodeId, list, key, value: null });\n      sum = minus(sum, partDigest(list, value));",""),
('service-touch-forgets-names',K+['services'],'src/projections/service-tables.ts',"serviceIds: [serviceId], named: true","serviceIds: [serviceId], named: false"),
('serving-touch-forgets-services',K+['services'],'src/projections/service-tables.ts',"        { kind: 'services', position, traceparent, namespaceId, serviceIds, named: false },\n",""),
('serving-touch-forgets-own-node',K+['services'],'src/projections/service-tables.ts',"        { kind: 'endpoint', position, traceparent, ...own },\n",""),
('came-forgets-names',K+['services'],'src/projections/affected.ts',"if (hosted) own.names = true;",""),
('views-not-followed',K+['services'],'src/projections/sections.ts',"  await addSeen(tx, work, names);\n",""),
('view-gone-not-followed',K+['services'],'src/projections/sections.ts',"[...before.symmetricDifference(now)]","[...now.difference(before)]"),
('who-has-a-service-forgotten',K+['services'],'src/projections/affected.ts',"for (const node of knowing.get(serviceId) ?? []) nodes.add(node);","void knowing;"),
('remotes-forgotten',K+['nodes'],'src/projections/documents.ts',"for (const other of others) work.of(nodeId).keys.remotes.add(other);","void others;"),
('node-touch-forgotten',K+['nodes'],'src/projections/affected.ts',"for (const node of nodes) work.of(node).keys.remotes.add(touch.nodeId);",""),
('located-forgotten',K+['services','definitions'],'src/projections/affected.ts',"for (const node of nodes) work.of(node).whole = true;",""),
('mapping-touch-forgotten',['addresses'],'src/projections/affected.ts',"for (const node of touch.nodes) addAll(work.of(node).keys.mappings, touch.portMappingIds);",""),
('mapping-near-forgotten',['addresses'],'src/projections/affected.ts',"addAll(own.keys.mappings, await mappingsNear(tx, touch));",""),
('isolation-of-mappings-forgotten',['addresses'],'src/projections/mappings.ts',"    and not exists (select from network.isolated_tenant t where t.tenant = m.tenant)\n",""),
('differences-forget-gone',D,'src/projections/differences.ts',"    for (const { list, key } of stored.values()) node.parts[list].set(key, null);",""),
('differences-forget-refreshed',D,'src/projections/differences.ts',"if (list === 'sets' && there !== undefined && differing.has(key)) node.refreshed.add(key);",""),
('upgrade-forgets-sections',D,'src/projections/documents.ts',"    for (const nodeId of sum.nodes.keys()) work.of(nodeId).whole = true;\n",""),
('secured-too-early',['endpoints','nodes'],'src/nodes/receipts.ts',"and not p.gone and p.since <= $2","and not p.gone"),
('receipt-too-early',['nodes','standing','schedules'],'src/nodes/receipts.ts',"and not s.gone and s.generation <= $2","and not s.gone"),
('any-report-believed',['nodes','endpoints'],'src/nodes/receipts.ts',"  return rowCount === 1;","  return rowCount !== null;"),
('recompiles-at-every-start',D,'src/projections/recompile-once.ts',"  if ((rows[0]?.compiler ?? 0) >= compilerVersion) return;\n",""),
('recompiles-once-per-process',D,'src/projections/documents.ts',"  if (!opened.otherVersion) return [];\n",""),
]
only=sys.argv[1:]
for name,tests,f,a,b in M:
    if only and name not in only: continue
    p=R+f; s=open(p).read()
    if s.count(a)!=1: print(f'{name}: {s.count(a)} places!',flush=True); continue
    open(p,'w').write(s.replace(a,b))
    try:
        verdict='GREEN in '+','.join(tests)
        for t in tests:
            try:
                r=subprocess.run(['nice','node_modules/.bin/node','node_modules/vitest/vitest.mjs','run','--project','int','--bail','1','--retry','0',f'services/network/test/{t}.int'],cwd='/tmp/atoll/me/mut',capture_output=True,text=True,timeout=240)
                out=re.sub(r'\x1b\[[0-9;]*m','',r.stdout+r.stderr); rc=r.returncode
            except subprocess.TimeoutExpired as e:
                rc=1; out='FAIL > timeout'
            if rc!=0:
                fails=sorted(set(l.strip().split(' > ',1)[-1][:100] for l in out.split('\n') if l.strip().startswith('FAIL ')))
                verdict=f'red in {t}: '+' | '.join(fails); break
        print(f'{name}: {verdict}',flush=True)
    finally:
        open(p,'w').write(s)
