/** `npm run check`: everything about the sources that can be seen without running them. */
import { runChecks } from './parts.ts';

const failed = (await runChecks()).filter((part) => !part.ok);
if (failed.length > 0) {
  console.log(`\nFailed: ${failed.map((part) => part.name).join(', ')}`);
  process.exit(1);
}
