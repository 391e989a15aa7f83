import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, startCli } from './run-cli.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ordinaut-serve-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Starts `serve` and waits for the log to say where it listens. */
async function startServe() {
  const env = { ORDINAUT_ADMIN_PASSWORD: 'correct horse battery staple' };
  const child = startCli(['serve', '--port', '0', '--data-dir', directory], { env });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line);
    if (typeof entry.url === 'string') {
      child.stdout.resume();
      return { child, exited, url: entry.url as string };
    }
  }
  throw new Error(`serve ended with ${await exited}`);
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops it, with exit code 0 and nothing on standard error',
  async (signal) => {
    const { child, exited, url } = await startServe();
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk) => errors.push(chunk));
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(Buffer.concat(errors).toString()).toBe('');
  },
);

test('the same signal twice at once is one wish', async () => {
  const { child, exited } = await startServe();
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('a port that is taken is one sentence and exit code 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const { code, stderr } = await runCli(['serve', '--port', port, '--data-dir', directory]);
  other.close();
  expect(code).toBe(1);
  expect(stderr).toBe(
    `error: Port ${port} of 127.0.0.1 is taken by another process; stop that or choose another with --port.\n`,
  );
});

test('migrate makes the database and ends', async () => {
  const { code, stdout, stderr } = await runCli(['migrate'], {
    env: { ORDINAUT_DATA_DIR: directory, ORDINAUT_LOG_LEVEL: 'silent' },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ success: true, store: 'sqlite' });
});

test('the first start says the password of admin on standard error, and no later one', async () => {
  const start = async () => {
    const child = startCli(['serve', '--port', '0', '--data-dir', directory]);
    const written = Promise.all([text(child.stdout), text(child.stderr)]);
    let log = '';
    child.stdout.on('data', (chunk) => {
      log += chunk;
      if (log.includes('"url"')) child.kill('SIGTERM');
    });
    return written;
  };
  const [log, errors] = await start();
  const password = (await readFile(join(directory, 'admin-password'), 'utf8')).trim();
  expect(errors).toContain(`The user admin was made, with the password ${password} (kept in ${directory}`);
  expect(log).not.toContain(password);
  expect((await start())[1]).toBe('');
});
