import { enableCompileCache } from 'node:module';

// First of all, so that everything below is compiled once per version and not at every start.
enableCompileCache();
const { run } = await import('./cli/program.ts');
process.exitCode = await run(process.argv.slice(2));
