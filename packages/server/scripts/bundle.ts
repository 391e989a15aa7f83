import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleBuiltins } from './bundle-builtins.ts';

/**
 * Builds what an installed package has instead of sources: the server as a bundle in `dist/` (a start then reads some files
 * instead of more than a thousand, which takes a third of the time and two thirds of the memory), the built-in extensions
 * compiled beside it, and the packages `@ordinaut/contract`, `@ordinaut/kit` and `@ordinaut/sdk` with their types. `npm ci` calls it;
 * `bin/ordinaut.js` uses the result while no source is newer.
 *
 * Packages that are loaded when they are needed, or run as a process of their own, stay outside.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const packages = fileURLToPath(new URL('../..', import.meta.url));

async function bundleServer(esbuild: typeof import('esbuild')): Promise<void> {
  await rm(`${root}dist`, { recursive: true, force: true });
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts', 'src/embed.ts', 'src/storage/sqlite/thread.ts', 'src/containment/watchdog-thread.ts'],
    entryNames: '[name]',
    outdir: 'dist',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['ordinaut-source'],
    external: [
      'pg',
      'undici',
      'ioredis',
      'esbuild',
      'chokidar',
      'prom-client',
      '@fastify/swagger',
      '@fastify/swagger-ui',
    ],
    // Its main file loads the others in a way that cannot be bundled.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    // CommonJS packages inside the bundle ask for the built-in modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    sourcemap: true,
    logLevel: 'warning',
  });
  await bundleBuiltins(`${root}dist/extensions`);
}

/** JavaScript and types of the packages that authors of extensions import. */
async function buildPackages(): Promise<void> {
  let tsc: string;
  try {
    tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
  } catch {
    process.stderr.write('TypeScript is not installed (--omit=dev?): @ordinaut/kit is not built.\n');
    return;
  }
  // The others read the types of the contract.
  for (const name of ['contract', 'kit', 'sdk']) {
    const child = spawn(process.execPath, [tsc, '-p', `${packages}${name}`], { stdio: ['ignore', 2, 2] });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`packages/${name} could not be built`);
  }
}

const esbuild = await import('esbuild').catch(() => null);
if (esbuild === null) {
  process.stderr.write('esbuild is not installed (--omit=dev?): ordinaut runs from its sources, and starts slower.\n');
}
const done = await Promise.allSettled([...(esbuild === null ? [] : [bundleServer(esbuild)]), buildPackages()]);
for (const one of done) {
  if (one.status === 'fulfilled') continue;
  process.stderr.write(`${one.reason instanceof Error ? one.reason.message : String(one.reason)}\n`);
  process.exitCode = 1;
}
