import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Real faults: kills, restarts of the database, a full disk. `ORDINAUT_FAULT_ROUNDS` makes them longer. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/server/faults/**/*.faults.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
