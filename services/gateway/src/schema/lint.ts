/** `node services/gateway/src/schema/lint.ts`: prints what is wrong with the SDL, and ends with 1 where anything is. */
import { mutationProblems } from '../mutations/registry.ts';
import { loadSchema } from './load.ts';
import { schemaProblems } from './problems.ts';

const schema = loadSchema();
const problems = [...schemaProblems(schema), ...mutationProblems(schema)];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) {
  process.stderr.write(`schema/graphql: ${problems.length} problem(s)\n`);
  process.exit(1);
}
