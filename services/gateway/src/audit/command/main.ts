import { runAudit } from './program.ts';

process.exitCode = await runAudit(process.argv.slice(2));
