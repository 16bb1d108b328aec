/** What the process holds of the machine's memory, in MiB, every half a second. */
const EVERY_MS = 500;

export function sampleMemory(): { stop(): readonly number[] } {
  const samples: number[] = [];
  const take = () => samples.push(process.memoryUsage.rss() / 2 ** 20);
  take();
  const timer = setInterval(take, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      take();
      return samples;
    },
  };
}
