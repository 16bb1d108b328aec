/** Who may import whom: the table of the design, as rules of dependency-cruiser. */

const test = '(\\.(pure|int|node|e2e)\\.test\\.ts$|/test(ing)?/|\\.fixture\\.ts$)';
const repo = '^(schema|libs|services|agent|sdk|portal|cli|infra|examples|bench|test)/';

/** From `from` (tests aside) nothing of the repository but `allowed`. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: test },
  to: { path: repo, pathNot: allowed },
});

/** The calculating rooms: the same input gives the same output, on any machine, at any time. */
const pureRooms = [
  '^services/[^/]+/src/(domain|compile|placement)/',
  '^agent/src/(plan|render)[./]',
  '^schema/src/',
  '^libs/access/src/',
];
/** Packages and modules of Node that only calculate. */
const purePackages = '^node_modules/(zod|ipaddr\\.js)/';
const pureModules = '^(node:)?(crypto|util|assert)$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that import each other can be neither read nor tested apart.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      // Written by `npm run gen`; its own check tells when it is missing.
      to: { couldNotResolve: true, pathNot: '/generated/' },
    },
    only('schema-is-the-bottom', '^schema/', '^schema/', 'schema imports nothing of the repo.'),
    only('libs-access', '^libs/access/', '^(schema|libs/access)/', 'libs/access may import schema.'),
    only('libs-service', '^libs/service/', '^(schema|libs/service)/', 'libs/service may import schema.'),
    only('libs-events', '^libs/events/', '^(schema|libs)/', 'libs/events may import schema and libs/service.'),
    only(
      'domain-imports-types-only',
      '^services/([^/]+)/src/(domain|compile|placement)/',
      '^(schema/src/|libs/access/src/|libs/events/src/decider\\.ts$|services/$1/src/(domain|compile|placement)/)',
      'domain, compile and placement may import schema, libs/access and the decider types of libs/events.',
    ),
    only('services', '^services/([^/]+)/', '^(schema|libs|services/$1)/', 'A service never imports another service.'),
    only('agent', '^agent/', '^(schema|libs/service|agent)/', 'The agent may import schema and libs/service.'),
    only(
      'agent-calculates',
      '^agent/src/(plan|render)[./]',
      '^(schema/|agent/src/(plan|render)[./])',
      'plan and render may import schema only.',
    ),
    only('sdk', '^sdk/src/', '^sdk/src/', 'What partners install imports nothing of the repo.'),
    only('sdk-generator', '^sdk/gen', '^(schema|sdk)/', 'The generator reads schema.'),
    only('clients', '^(portal|cli|examples)/', '^(sdk|portal|cli|examples)/', 'Clients use the SDK only.'),
    only('infra', '^infra/', '^(schema|libs/service|sdk|infra)/', 'infra starts the services; it imports none.'),
    {
      name: 'infra-is-for-tests',
      comment: 'Only tests and benches import infra, and only its rooms for them.',
      severity: 'error',
      from: { pathNot: '^infra/' },
      to: { path: '^infra/', pathNot: '^infra/(testing|process)/' },
    },
    {
      name: 'no-service-from-outside',
      comment:
        'Services are reached over NATS and GraphQL, also by tests and benches; the pure rule compiler alone is held to an independent model.',
      severity: 'error',
      from: {
        pathNot:
          '^(services/|test/isolation/|bench/suites/(compile|deploy-placement)\\.ts$|bench/network/(sections|allocator)\\.ts$)',
      },
      to: { path: '^services/' },
    },
    {
      name: 'only-the-compiler-from-outside',
      comment: 'The proof of isolation and the measurement of the compiler import nothing else of the services.',
      severity: 'error',
      from: { path: '^(test/isolation|bench)/', pathNot: '^bench/network/(sections|allocator)\\.ts$' },
      to: { path: '^services/', pathNot: '^services/(network/src/compile|deploy/src/placement)/' },
    },
    {
      name: 'only-the-decisions-from-the-bench-of-addresses',
      comment: 'What four processes decide and commit at once is measured without what they do around it.',
      severity: 'error',
      from: { path: '^bench/network/allocator\\.ts$' },
      to: { path: '^services/', pathNot: '^services/network/src/domain/' },
    },
    {
      name: 'only-the-projections-from-the-bench-of-tables',
      comment: 'What a change costs beside much of the rest is measured on the tables alone, without processes.',
      severity: 'error',
      from: { path: '^bench/network/sections\\.ts$' },
      to: { path: '^services/', pathNot: '^services/network/src/projections/' },
    },
    {
      name: 'no-foreign-service-in-tests',
      comment: 'A service never imports another service, in its tests neither.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'These rooms calculate: no files, sockets, clocks of their own, no database or NATS.',
      severity: 'error',
      from: { path: pureRooms, pathNot: test },
      to: { dependencyTypes: ['core'], pathNot: pureModules },
    },
    {
      name: 'pure-rooms-use-pure-packages',
      comment: 'These rooms calculate: only packages that do nothing else.',
      severity: 'error',
      from: { path: pureRooms, pathNot: test },
      to: { path: '^node_modules/', pathNot: purePackages },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.atoll|coverage)/' },
    // Imports of types count, too: a room that needs another's types depends on it.
    detectJSDocImports: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.mjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
