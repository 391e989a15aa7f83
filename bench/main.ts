import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks/all.ts';
import type { Session } from './harness/benchmark.ts';
import { machineFacts } from './harness/machine.ts';
import { printOutcome, writeOutcome } from './harness/report.ts';
import { interrupted, undoOnSignals } from './harness/undo.ts';
import { commit, versions } from './harness/versions.ts';

/**
 * `npm run bench` runs all benchmarks, `npm run bench -- <name> …` those named; `--quick` runs them small, to see that they
 * work, and keeps nothing. A figure that falls short is shown as such and is no failure: the exit code tells only whether
 * the benchmarks could be run.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}. There are: ${benchmarks.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

undoOnSignals();
const circumstances = { machine: machineFacts(), commit: commit(), versions: versions() };
const { machine } = circumstances;
console.log(
  `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, ${machine.system}; ${machine.file_system}, ` +
    `fsync ${machine.fsync_ms} ms; load ${machine.load_before}; node ${process.versions.node}; ` +
    `commit ${circumstances.commit.id.slice(0, 12)}${circumstances.commit.changed ? ' with changes' : ''}`,
);
if (machine.load_before > machine.cores / 2) console.log('The machine is not idle: do not keep these figures.');

const session: Session = { quick: values.quick, say: (text) => console.error(`  … ${text}`) };
const chosen = positionals.length === 0 ? benchmarks : benchmarks.filter(({ name }) => positionals.includes(name));
let failed = 0;
for (const benchmark of chosen) {
  const startedAt = performance.now();
  console.error(`\n${benchmark.name} …`);
  try {
    const outcome = await benchmark.run(session);
    printOutcome(benchmark, outcome, (performance.now() - startedAt) / 1000);
    if (!session.quick) console.log(`\n  kept in ${writeOutcome(benchmark, outcome, circumstances)}`);
  } catch (error) {
    // What is pending is being undone, and then the process ends.
    if (interrupted()) await new Promise<never>(() => {});
    failed++;
    console.error(`\n${benchmark.name} could not be run:`, error);
  }
}
if (session.quick) console.log('\nA quick run: the figures mean nothing, and nothing was kept.');
process.exit(failed === 0 ? 0 : 1);
