import subprocess,sys,os,json
R='/tmp/atoll/me/mut/services/network/'
M=[
('drop-tier','src/compile/policy.ts',"TENANT: 1 }","TENANT: 0 }"),
('swap-priority','src/compile/policy.ts',"    a.order[1] - b.order[1] ||","    b.order[1] - a.order[1] ||"),
('allow-before-deny','src/compile/policy.ts',"=== 'DENY' ? 0 : 1, policyId","=== 'DENY' ? 1 : 0, policyId"),
('own-namespace-not-first','src/compile/policy.ts',"    Number(a.namespaceId !== namespaceId) - Number(b.namespaceId !== namespaceId) ||\n",""),
('wrong-direction','src/compile/policy.ts',"rulesFor(policyId, definition, from) : []","rulesFor(policyId, definition, to) : []"),
('skip-except','src/compile/networks.ts',"const holes = except.map","const holes = except.slice(1).map"),
('level-before-policies','src/compile/policy.ts',"const levelTier = 2","const levelTier = -1"),
('subnet-level-is-namespace','src/compile/policy.ts',"{ kind: 'SUBNET', subnetId }))","{ kind: 'INSTANCES', namespaceId, labels: {} }))"),
('set-name-without-tenant','src/compile/policy.ts',"sha256([tenant, text])","sha256([text])"),
('labels-change-keeps-sets','src/compile/sets.ts',"      displace(one);\n      one.endpoint = endpoint;","      one.endpoint = endpoint;"),
('label-change-keeps-class','src/compile/compiler.ts',"          known?.key === classKey(one.endpoint.namespaceId, one.sets)","          known !== null"),
('node-change-not-seen','src/compile/compiler.ts',"          node?.nodeId === one.endpoint.nodeId &&","          node &&"),
('touched-node-forgotten-on-chain-change','src/compile/node.ts',"    replaceChains(of, next) {\n      touched.add(state);","    replaceChains(of, next) {"),
('touched-node-forgotten-on-members','src/compile/node.ts',"    touchSet(name) {\n      touched.add(state);","    touchSet(name) {"),
('nodes-not-told-of-members','src/compile/sets.ts',"for (const node of set.nodes) if (added.length + removed.length > 0) node.touchSet(set.name);",""),
('unset-forgotten','src/compile/node.ts',"      sets.get(set)?.nodes.delete(state);\n      lists.sets.touched.add(set);","      sets.get(set)?.nodes.delete(state);"),
('delta-removed-forgotten','src/compile/sets.ts',"const removed = touched.flatMap(([text, before]) => (before && !set.texts.has(text) ? [text] : []));","const removed = touched.flatMap(([text, before]) => (before && !set.texts.has(text) && false ? [text] : []));"),
('delta-before-kept','src/compile/sets.ts',"        set.before.clear();\n",""),
('leave-not-counted','src/compile/sets.ts',"    countEndpoint(set, one.endpoint, -1);",""),
('hash-old-digest-kept','src/compile/node.ts',"count(digest, before?.digest ?? 0n)","count(digest, 0n)"),
('hash-gone-digest-kept','src/compile/node.ts',"          count(0n, before.digest);\n",""),
('tenant-not-compared','src/compile/selector.ts',"(tenant === null || tenant === endpoint.tenant) && hasLabels","hasLabels"),
('suspended-is-a-peer','src/compile/selector.ts',"  if (endpoint.isolated) return [];\n",""),
('service-change-not-followed','src/compile/sets.ts',"for (const set of setsByService.get(serviceId) ?? []) select(set);","void setsByService.get(serviceId);"),
('foreign-service-followed','src/compile/selector.ts',"if (service === undefined || (tenant !== null && service.tenant !== tenant)) return null;\n      return { tenant: service.tenant,","if (service === undefined) return null;\n      return { tenant: service.tenant,"),
('newer-receipt-not-taken','src/compile/node.ts',"policies.set(policyId, { value: { policyId, ...receipt }, count: needed });","policies.set(policyId, { value: policies.get(policyId)?.value ?? { policyId, ...receipt }, count: needed });"),
('ports-merged-over-a-gap','src/compile/traffic.ts',"from <= last.to + 1","from <= last.to + 2"),
('touching-ports-not-merged','src/compile/traffic.ts',"from <= last.to + 1","from <= last.to"),
('icmp-any-forgotten','src/compile/traffic.ts',"types.includes(null) ? [null] : ","types.includes(null) ? [] : "),
('class-without-namespace','src/compile/classes.ts',"[namespaceId, ...[...sets]","[...[...sets]"),
('unused-sets-not-cleared','src/compile/sets.ts',"      for (const set of unused) clear(set);\n",""),
('endpoint-not-shown-after-chain-change','src/compile/compiler.ts',"    if (!same) for (const [node, members] of state.hosts) for (const one of members) node.touch(one);","    void same;"),
('new-class-not-guarded','src/compile/compiler.ts',"      for (const set of own) set.classes.add(entered);\n",""),
('class-goes-too-early','src/compile/compiler.ts',"    if (left.hosts.size > 0) return;\n",""),
('whole-family-as-one','src/compile/networks.ts',"while (size < bits &&","while (size <= bits &&"),
('union-touching','src/compile/networks.ts',"first > before.last + 1n","first > before.last"),
('union-shrinks','src/compile/networks.ts',"else if (last > before.last) before.last = last;","else before.last = last;"),
('named-with-own','src/compile/compiler.ts',"      those.delete(nodeId);\n",""),
('named-whatever-sets','src/compile/compiler.ts',"[...one.sets].some((set) => set.nodes.has(node))","one.sets.size > 0"),
('names-own-only','src/compile/compiler.ts',"own.flatMap((one) => [...one.sets].flatMap((set) => [...set.nodes]))","own.slice(1).flatMap((one) => [...one.sets].flatMap((set) => [...set.nodes]))"),
('remote-not-told-on-member','src/compile/sets.ts',"    countEndpoint(set, one.endpoint, 1);\n    for (const node of set.nodes) node.moved(one.endpoint.nodeId);","    countEndpoint(set, one.endpoint, 1);"),
('remote-not-told-on-leave','src/compile/sets.ts',"    countEndpoint(set, one.endpoint, -1);\n    for (const node of set.nodes) node.moved(one.endpoint.nodeId);","    countEndpoint(set, one.endpoint, -1);"),
('remote-not-told-on-acquire','src/compile/node.ts',"      sets.get(set)?.nodes.add(state);\n      movedAll(set);","      sets.get(set)?.nodes.add(state);"),
('remote-not-told-on-release','src/compile/node.ts',"      sets.get(set)?.nodes.delete(state);\n      movedAll(set);","      sets.get(set)?.nodes.delete(state);"),
('withdrawn-is-a-target','src/compile/services.ts',"sorted.filter((member) => member.serving).map(pair)","sorted.map(pair)"),
('withdrawn-not-drained','src/compile/services.ts',"draining: sorted.filter((member) => !member.serving).map(pair)","draining: []"),
('sees-other-environments','src/compile/services.ts',"namespaces.filter((one) => hosted.has(viewOf(one)))","namespaces"),
('target-port-is-port','src/compile/services.ts',"port: targetPort }","port }"),
('serving-all','src/compile/services.ts',"      .filter((one) => one.serving)\n",""),
('policy-of-digest','src/compile/policy.ts',"receipt: { revision, hash: sha256(rules) }","receipt: { revision, hash: sha256(rules.ingress) }"),
('log-dropped','src/compile/policy.ts',"action, ...one, set, log }","action, ...one, set, log: false }"),
('mention-gone-stays','src/compile/compiler.ts',"    if (next.length === 0) decisions.delete(key);\n    else decisions.set(key, next);","    if (next.length > 0) decisions.set(key, next);"),
('endpoint-gone-keeps-rules','src/compile/compiler.ts',"        known.gone = true;\n",""),
]
only=sys.argv[1:] 
for name,f,a,b in M:
    if only and name not in only: continue
    p=R+f; s=open(p).read()
    if s.count(a)!=1: print(f'{name}: {s.count(a)} places!',flush=True); continue
    open(p,'w').write(s.replace(a,b))
    try:
        r=subprocess.run(['chrt','-i','0','node_modules/.bin/node','node_modules/vitest/vitest.mjs','run','--project','pure','--bail','0','services/network/src/compile'],cwd='/tmp/atoll/me/mut',capture_output=True,text=True,timeout=400)
        out=r.stdout+r.stderr
        import re
        out=re.sub(r'\x1b\[[0-9;]*m','',out)
        fails=[l.strip() for l in out.split('\n') if l.strip().startswith('FAIL ')]
        print(f'{name}: '+('GREEN' if r.returncode==0 else 'red: '+' | '.join(sorted(set(x.split(" > ",1)[-1][:90] for x in fails)))),flush=True)
    finally:
        open(p,'w').write(s)
