import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/**
 * Attacks: hostile requests to every operation, and what an attacker tries besides. `ORDINAUT_SECURITY_SEED` repeats a run,
 * `ORDINAUT_SECURITY_RUNS` makes it longer.
 */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/server/security/**/*.security.ts'],
    fileParallelism: false,
    // As many operations are attacked side by side.
    maxConcurrency: 8,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
