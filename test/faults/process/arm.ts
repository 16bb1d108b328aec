/** Arms failpoints of a running process, whoever has started it with ATOLL_FAILPOINTS=dir:<folder>. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ARM_MS = 30_000;

/** `spec` is that of libs/service/src/failpoint-spec.ts; the empty text disarms. Resolves once it is armed, or gone. */
export async function armProcess(options: {
  pid: number;
  folder: string;
  spec: string;
  isAlive: () => boolean;
}): Promise<void> {
  const { pid, folder, spec, isAlive } = options;
  const file = join(folder, String(pid));
  writeFileSync(file, spec);
  process.kill(pid, 'SIGUSR2');
  const deadline = Date.now() + ARM_MS;
  while (existsSync(file) && isAlive()) {
    if (Date.now() > deadline) throw new Error(`The process ${pid} wasn't armed with "${spec}" within ${ARM_MS} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
