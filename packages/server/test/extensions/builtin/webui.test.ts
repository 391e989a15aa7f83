import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

interface Shown {
  id: string;
  title: string;
  status: string;
  next_run: string | null;
}

describe('webui with a login', () => {
  it('gives the page to everybody, and what it shows to nobody unknown', async () => {
    const place = await newPlace('sqlite');
    const { server, url } = await startServer(place, { environment: { ORDINAUT_AUTH: 'required' } });
    try {
      for (const file of ['', 'app.js', 'session.js', 'forms.css', 'icon.svg']) {
        expect((await fetch(`${url}/ext/webui/${file}`)).status, file).toBe(200);
      }
      for (const name of ['tasks', 'runs', 'extensions']) {
        expect((await fetch(`${url}/ext/webui/api/${name}`)).status, name).toBe(401);
      }
    } finally {
      await server.stop();
      await place.remove();
    }
  });
});

describe('webui', () => {
  let place: TestPlace;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    place = await newPlace('sqlite');
    server = await startServer(place);
  });

  afterAll(async () => {
    await server.server.stop();
    await place.remove();
  });

  it('serves a page that loads only its own files', async () => {
    const page = await fetch(`${server.url}/ext/webui/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    const files = [...html.matchAll(/(?:src|href)="([\w.-]+)"/g)].map(([, file]) => file!);
    expect(new Set(files)).toEqual(new Set(['icon.svg', 'app.css', 'forms.css', 'tables.css', 'app.js']));
    const types = { svg: /^image\/svg/, css: /^text\/css/, js: /javascript/ };
    const seen = new Set(files);
    // A set goes on to what is added on the way: the modules that a script imports.
    for (const file of seen) {
      const response = await fetch(`${server.url}/ext/webui/${file}`);
      expect(response.status, file).toBe(200);
      expect(response.headers.get('content-type')).toMatch(types[file.split('.')[1] as keyof typeof types]);
      const text = await response.text();
      for (const [, module] of text.matchAll(/ from '\.\/([\w.-]+)'/g)) seen.add(module!);
    }
    expect(seen).toContain('session.js');
  });

  it('creates a task, and lists it', async () => {
    const { status, body } = await server.call<Shown>('POST', '/ext/webui/api/tasks', {
      title: 'Новая Задача',
      schedule_kind: 'cron',
      schedule_expr: '0 9 * * *',
      payload: { pipeline: [] },
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      title: 'Новая Задача',
      status: 'active',
      next_run: expect.stringMatching(/T09:00:00/),
    });
    const list = await server.call<{ tasks: Shown[] }>('GET', '/ext/webui/api/tasks');
    expect(list.body).toEqual({ tasks: [body], total: 1 });
  });

  it.each([
    [{ title: 'x', schedule_kind: 'cron', schedule_expr: 'often', payload: { pipeline: [] } }, 'schedule_expr'],
    [{ schedule: '@daily' }, 'title'],
    [[], ''],
  ])('refuses the task %j, naming the field', async (body, field) => {
    const answer = await server.call('POST', '/ext/webui/api/tasks', body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'bad_request', details: { field } } });
  });

  it('shows the last runs with their task and their error', async () => {
    const task = await server.createTask({ payload: { pipeline: [{ id: 'x', uses: 'core.fail' }] }, max_retries: 0 });
    await server.ended(await server.runNow(task.id));
    const { body } = await server.call('GET', '/ext/webui/api/runs');
    expect(body).toMatchObject({
      total: 1,
      runs: [{ task_id: task.id, task: task.title, status: 'failed', error: expect.any(String) }],
    });
  });

  it('shows the extensions with their states', async () => {
    const { body } = await server.call<{ extensions: object[] }>('GET', '/ext/webui/api/extensions');
    expect(body.extensions).toContainEqual(
      expect.objectContaining({ id: 'webui', name: 'Web UI', version: '0.1.0', state: 'loaded' }),
    );
  });
});
