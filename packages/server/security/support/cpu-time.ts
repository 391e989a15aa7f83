/**
 * Milliseconds of this thread that something takes. Not by the wall clock: on a machine with other work a thread waits for its turn, which
 * is nobody's fault. What a thread of JavaScript works on at one go, everybody else waits for.
 */
export async function cpuTimeOf(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
