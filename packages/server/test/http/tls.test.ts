import { copyFileSync, utimesSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { TlsFiles } from '../../src/http/tls-files.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { ADMIN_PASSWORD, withLogin } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import { newPlace } from '../support/stores.ts';

const file = (name: string): string => join(import.meta.dirname, 'tls', name);

/** One request over TLS on a connection of its own; the certificates of these tests are signed by nobody. */
function ask(url: string, method = 'GET', body?: object) {
  return new Promise<{ status: number; headers: Record<string, unknown>; organization: unknown }>((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request(url, { method, headers, agent: false, rejectUnauthorized: false }, (response) => {
      const organization = (response.socket as TLSSocket).getPeerCertificate().subject.O;
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, organization }),
      );
    });
    asked.once('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('serves HTTPS with the files of the settings, tells browsers to stay with it, and makes cookies for it alone', async () => {
  const place = await newPlace('sqlite');
  const environment = withLogin({ ORDINAUT_TLS_CERT: file('first.cert.pem'), ORDINAUT_TLS_KEY: file('first.key.pem') });
  const { url, server } = await startServer(place, { environment });
  try {
    expect(url).toMatch(/^https:/);
    const health = await ask(`${url}/health/live`);
    expect(health).toMatchObject({ status: 200, organization: 'first' });
    for (const path of ['/health/live', '/tasks', '/ext/webui/', '/ext/webui/api/tasks', '/docs']) {
      const { headers } = await ask(url + path);
      expect(headers['strict-transport-security'], path).toBe('max-age=31536000');
      expect(headers['content-security-policy'], path).toContain('default-src');
      expect(headers['x-content-type-options'], path).toBe('nosniff');
    }
    const begun = await ask(`${url}/auth/session`, 'POST', { username: 'admin', password: ADMIN_PASSWORD });
    const [cookie] = begun.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/^__Host-ordinaut=ords_[\w-]+; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  } finally {
    await server.stop();
    await place.remove();
  }
});

test('files that cannot be used keep the server from starting, by the name of their setting', async () => {
  const place = await newPlace('sqlite');
  const start = (cert: string, key: string) =>
    startServer(place, { environment: { ORDINAUT_TLS_CERT: cert, ORDINAUT_TLS_KEY: key } });
  await expect(start('/nowhere.pem', file('first.key.pem'))).rejects.toThrow(/ORDINAUT_TLS_CERT names \/nowhere.pem/);
  await expect(start(file('first.cert.pem'), file('second.key.pem'))).rejects.toThrow(
    /must be a certificate and its key/,
  );
  await place.remove();
});

test('renewed files are taken while the server runs, and broken ones are not', async () => {
  const place = await newPlace('sqlite');
  const paths = { cert: join(place.directory, 'cert.pem'), key: join(place.directory, 'key.pem') };
  const use = (name: string, age: number) => {
    for (const kind of ['cert', 'key'] as const) {
      copyFileSync(file(`${name}.${kind}.pem`), paths[kind]);
      utimesSync(paths[kind], age, age);
    }
  };
  use('first', 1_000);
  const files = new TlsFiles(paths, createLogger('silent'), 5);
  const first = files.read();
  const renewed = Promise.withResolvers<Buffer>();
  const end = files.follow(({ cert }) => renewed.resolve(cert));
  try {
    copyFileSync(file('second.key.pem'), paths.key);
    use('second', 2_000);
    expect((await renewed.promise).equals(first.cert)).toBe(false);
  } finally {
    end();
    await place.remove();
  }
});
