import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Outcome } from './benchmark.ts';
import type { machineFacts } from './machine.ts';
import { tableOf, tableOfSides } from './table.ts';
import type { commit, versions } from './versions.ts';

/** What was measured, on what, with what. */
export interface Circumstances {
  readonly machine: ReturnType<typeof machineFacts>;
  readonly commit: ReturnType<typeof commit>;
  readonly versions: ReturnType<typeof versions>;
}

/** Prints the figures for a person. */
export function printOutcome(benchmark: Benchmark, outcome: Outcome, seconds: number): void {
  console.log(`\n${benchmark.name}: ${benchmark.title} (${seconds.toFixed(0)} s)\n`);
  console.log(tableOf(outcome.figures));
  if (outcome.sides !== undefined) console.log(`\n${tableOfSides(outcome.sides)}`);
  if (outcome.notes.length > 0) console.log(`\n${outcome.notes.map((note) => `  - ${note}`).join('\n')}`);
}

/** Keeps the figures with every repetition, and answers where. */
export function writeOutcome(benchmark: Benchmark, outcome: Outcome, circumstances: Circumstances): string {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const file = fileURLToPath(new URL(`${benchmark.name}.json`, directory));
  const { name, title } = benchmark;
  const { figures, sides, notes, setup, repetitions } = outcome;
  const report = {
    name,
    title,
    measured_at: new Date().toISOString(),
    ...circumstances,
    figures,
    ...(sides !== undefined && { sides }),
    notes,
    setup,
    repetitions,
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}
