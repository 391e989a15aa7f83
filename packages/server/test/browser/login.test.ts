import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { api, type TestApi } from '../support/server.ts';
import { describeInBrowser } from './chromium.ts';
import { type Visit, visit } from './visit.ts';

const ADMIN = 'correct horse battery';
const PASSWORD = 'a good password';
const withLogin = { ORDINAUT_AUTH: 'required', ORDINAUT_ADMIN_PASSWORD: ADMIN, ORDINAUT_AUTH_RATE_LIMIT: 'off' };

/** The page has shown what the server has, for somebody who may come in. */
const isLive = (page: Page) => page.locator('#state', { hasText: /^Live$/ }).waitFor();
const form = (page: Page) => page.getByRole('heading', { name: 'Sign in', exact: true });
const message = (page: Page, text: string) => page.locator('#sign-in-message', { hasText: text });
const cell = (page: Page, text: string) => page.getByRole('cell', { name: text, exact: true });
const focused = (page: Page) => page.evaluate(() => (globalThis as never as BrowserWindow).document.activeElement.id);
const widthOf = (page: Page) =>
  page.evaluate(() => (globalThis as never as BrowserWindow).document.documentElement.scrollWidth);

/** As much of the page as the tests look at: the types of browsers are not those of the server. */
interface BrowserWindow {
  readonly document: {
    readonly cookie: string;
    readonly activeElement: { readonly id: string };
    readonly documentElement: { readonly scrollWidth: number };
  };
  readonly localStorage: { readonly length: number };
  readonly sessionStorage: { readonly length: number };
}

describeInBrowser('the page with a login', (browser) => {
  let server: TestServer;
  let client: TestApi;
  let asAdmin: { authorization: string };

  beforeAll(async () => {
    server = await startServer(withLogin);
    client = api(server.url);
    const login = { username: 'admin', password: ADMIN };
    const { body } = await client.call<{ access_token: string }>('POST', '/auth/token', login);
    asAdmin = { authorization: `Bearer ${body.access_token}` };
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const addUser = async (username: string, role: string) => {
    const { status } = await client.call('POST', '/users', { username, password: PASSWORD, role }, asAdmin);
    expect(status).toBe(201);
  };
  const changeUser = async (username: string, change: object) => {
    const { status } = await client.call('PATCH', `/users/${username}`, change, asAdmin);
    expect(status).toBe(200);
  };
  const visitAs = async (username: string, role: string): Promise<Visit> => {
    await addUser(username, role);
    const guest = await visit(browser(), server.url);
    await guest.signIn(username, PASSWORD);
    await isLive(guest.page);
    return guest;
  };

  it('asks who is there, and shows nothing before', async () => {
    await using guest = await visit(browser(), server.url);
    const { page, field, button } = guest;
    await form(page).waitFor();
    expect(await field('Username').getAttribute('autocomplete')).toBe('username');
    expect(await field('Password').getAttribute('autocomplete')).toBe('current-password');
    expect(await focused(page)).toBe('sign-in-username');
    expect(await page.getByRole('heading', { name: /Tasks/ }).isVisible()).toBe(false);
    expect(await button('Sign out').isVisible()).toBe(false);
    expect(guest.refusals).toEqual(['401 GET /auth/session']);
    expect(guest.complaints).toEqual([]);
  });

  it('says beside the form that a password is wrong, and lets people try again', async () => {
    await addUser('mira', 'operator');
    await using guest = await visit(browser(), server.url);
    const { page, field } = guest;
    await guest.signIn('mira', 'not this one');
    await message(page, 'The username or the password is wrong.').waitFor();
    expect(await page.locator('#sign-in-message').getAttribute('aria-live')).toBe('polite');
    expect(await field('Username').inputValue()).toBe('mira');
    expect(await field('Password').inputValue()).toBe('');
    expect(await field('Password').getAttribute('aria-invalid')).toBe('true');
    expect(await focused(page)).toBe('sign-in-password');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await isLive(page);
    expect(await form(page).isVisible()).toBe(false);
    expect(guest.refusals).toEqual(['401 GET /auth/session', '401 POST /auth/session']);
    expect(guest.complaints).toEqual([]);
  });

  it('lets the button rest while it signs in', async () => {
    await addUser('nele', 'operator');
    await using guest = await visit(browser(), server.url);
    const { page, button } = guest;
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    await page.route('**/auth/session', async (route) => {
      asked.resolve();
      await answered.promise;
      await route.continue();
    });
    await guest.signIn('nele', PASSWORD);
    await asked.promise;
    expect(await button('Signing in…').isDisabled()).toBe(true);
    answered.resolve();
    await isLive(page);
  });

  it('signs in by keyboard, with a cookie that no script and no other site has', async () => {
    await addUser('olga', 'operator');
    await using guest = await visit(browser(), server.url);
    const { page, button, context } = guest;
    await form(page).waitFor();
    await page.keyboard.type('olga');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await isLive(page);
    expect(await page.locator('#username').textContent()).toBe('olga');
    expect(await page.locator('#role').textContent()).toBe('operator');
    expect(await button('Sign out').isVisible()).toBe(true);
    expect(await context.cookies()).toEqual([
      expect.objectContaining({ httpOnly: true, sameSite: 'Strict', path: '/' }),
    ]);
    const kept = await page.evaluate(() => {
      const { document, localStorage, sessionStorage } = globalThis as never as BrowserWindow;
      return { cookie: document.cookie, local: localStorage.length, session: sessionStorage.length };
    });
    expect(kept).toEqual({ cookie: '', local: 0, session: 0 });
    await page.reload();
    await isLive(page);
    expect(guest.refusals).toEqual(['401 GET /auth/session']);
    expect(guest.complaints).toEqual([]);
  });

  it('creates a task, and shows what is wrong with one at its field', async () => {
    await using guest = await visitAs('paul', 'operator');
    const { page, field, button } = guest;
    await button('New task').click();
    expect(await focused(page)).toBe('task-title');
    await field('Title').fill('Evening report');
    await field('When').fill('often');
    await field('Steps (optional)').fill('[{"id": "a", "uses": "nothing.of_this_name"}]');
    await field('When').press('Enter');
    await page.locator('#task-schedule-issue', { hasText: 'has 1 field' }).waitFor();
    expect(await page.locator('#task-pipeline-issue').textContent()).toContain(
      'pipeline[0].uses is "nothing.of_this_name"',
    );
    expect(await focused(page)).toBe('task-schedule');
    await field('When').fill('0 18 * * *');
    await field('Steps (optional)').fill('[{"id": "a"');
    await button('Create task').click();
    await page.locator('#task-pipeline-issue', { hasText: 'This is no JSON' }).waitFor();
    await field('Steps (optional)').fill('[{"id": "a", "uses": "core.echo", "with": {"text": "Hello"}}]');
    await button('Create task').click();
    await cell(page, 'Evening report').waitFor();
    expect(await page.locator('#task-created').textContent()).toContain('“Evening report” is created.');
    expect(await field('Title').isVisible()).toBe(false);
    expect(await focused(page)).toBe('new-task');
    expect(guest.refusals.slice(1)).toEqual(['400 POST /ext/webui/api/tasks']);
    expect(guest.complaints).toEqual([]);
  });

  it('says of the tools in a pipeline which scope they need', async () => {
    await using guest = await visitAs('quin', 'viewer');
    await changeUser('quin', { scopes: ['tasks:create'] });
    const { page, field, button } = guest;
    await page.reload();
    await isLive(page);
    await button('New task').click();
    await field('Title').fill('Run another');
    await field('When').fill('@daily');
    const step = { id: 'a', uses: 'run_task_now', with: { task_id: '01a21506-4e4a-752e-804f-e5e5ce8885a3' } };
    await field('Steps (optional)').fill(JSON.stringify([step]));
    await button('Create task').click();
    await page.locator('#task-pipeline-issue', { hasText: 'run_task_now, which needs tasks:run.' }).waitFor();
    expect(guest.complaints).toEqual([]);
  });

  it('signs out, and keeps nothing', async () => {
    await using guest = await visitAs('rosa', 'operator');
    const { page, context, field, button } = guest;
    const cookies = await context.cookies();
    await button('New task').click();
    await field('Title').fill('Half a thought');
    await button('Sign out').click();
    await message(page, 'You are signed out.').waitFor();
    expect(await field('Username').inputValue()).toBe('');
    expect(await page.getByText('Extensions').isVisible()).toBe(false);
    expect(await page.locator('table').count()).toBe(0);
    expect(await page.locator('#task-title').inputValue()).toBe('');
    expect(await context.cookies()).toEqual([]);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const again = await client.call('GET', '/auth/session', undefined, { cookie });
    expect(again.status).toBe(401);
    expect(guest.complaints).toEqual([]);
  });

  it('returns to the form when the session is revoked, and keeps what was typed', async () => {
    await using guest = await visitAs('sara', 'operator');
    const { page, field, button } = guest;
    await button('New task').click();
    await field('Title').fill('Written before');
    await field('When').fill('@daily');
    await changeUser('sara', { password: 'another good password' });
    await field('When').press('Enter');
    await message(page, 'Your session has ended. What you typed is kept.').waitFor();
    expect(await field('Username').inputValue()).toBe('sara');
    expect(await focused(page)).toBe('sign-in-password');
    expect(await page.locator('table').count()).toBe(0);
    await page.keyboard.type('another good password');
    await page.keyboard.press('Enter');
    await isLive(page);
    expect(await field('Title').inputValue()).toBe('Written before');
    expect(await focused(page)).toBe('task-schedule');
    await page.keyboard.press('Enter');
    await cell(page, 'Written before').waitFor();
    expect(guest.complaints).toEqual([]);
  });

  it('notices without being touched that the session is over, and gives the next one a page of their own', async () => {
    await addUser('tom', 'operator');
    await using guest = await visitAs('uma', 'operator');
    const { page, field, button } = guest;
    await button('New task').click();
    await field('Title').fill('Not for others');
    await changeUser('uma', { disabled: true });
    await message(page, 'Your session has ended.').waitFor();
    await guest.signIn('tom', PASSWORD);
    await isLive(page);
    expect(await page.locator('#username').textContent()).toBe('tom');
    await button('New task').click();
    expect(await field('Title').inputValue()).toBe('');
    expect(guest.complaints).toEqual([]);
  });

  it('goes on with the session that another window has begun', async () => {
    await using guest = await visitAs('vito', 'operator');
    const { page, context, field, button } = guest;
    await button('New task').click();
    await field('Title').fill('From the first window');
    await field('When').fill('@daily');
    await context.request.post(`${server.url}/auth/session`, { data: { username: 'vito', password: PASSWORD } });
    const renewed = page
      .waitForResponse((response) => response.url().endsWith('/auth/session'))
      .then(() => page.waitForResponse((response) => response.url().endsWith('/api/tasks')));
    await field('When').press('Enter');
    await page.locator('#task-message', { hasText: 'You have signed in anew in another window.' }).waitFor();
    await renewed;
    await field('When').press('Enter');
    await cell(page, 'From the first window').waitFor();
    expect(guest.complaints).toEqual([]);
  });

  it('shows a viewer what they may see, and of the rest what it needs', async () => {
    await using guest = await visitAs('vera', 'viewer');
    const { page, button } = guest;
    await page.locator('#extensions', { hasText: 'observability' }).waitFor();
    expect(await page.locator('#role').textContent()).toBe('viewer');
    await button('New task').click();
    expect(await page.locator('#task-panel').innerText()).toContain('Creating a task needs the scope tasks:create');
    expect(await button('Create task').isVisible()).toBe(false);
    expect(guest.refusals).toEqual(['401 GET /auth/session']);
    expect(guest.complaints).toEqual([]);
  });

  it.each([360, 768, 1200])('is never wider than a window of %i pixels', async (width) => {
    const name = `${'long-name-of-somebody-'.repeat(4)}${width}`;
    await addUser(name, 'operator');
    await using guest = await visit(browser(), server.url, { viewport: { width, height: 700 }, colorScheme: 'dark' });
    const { page, button } = guest;
    await form(page).waitFor();
    expect(await widthOf(page)).toBeLessThanOrEqual(width);
    await guest.signIn(name, PASSWORD);
    await isLive(page);
    await button('New task').click();
    expect(await widthOf(page)).toBeLessThanOrEqual(width);
  });
});

describeInBrowser('the page where attempts are counted', (browser) => {
  it('counts down until the next attempt', async () => {
    await using server = await startServer({ ...withLogin, ORDINAUT_AUTH_RATE_LIMIT: '1/3s' });
    await using guest = await visit(browser(), server.url);
    const { page, button } = guest;
    await guest.signIn('admin', 'not this one');
    await message(page, 'is wrong').waitFor();
    await guest.signIn('admin', ADMIN);
    const wait = page.locator('#sign-in-wait');
    await wait.filter({ hasText: /^Too many attempts\. Try again in [123] seconds?\.$/ }).waitFor();
    expect(await page.locator('#sign-in-message').textContent()).toMatch(/^Too many attempts/);
    expect(await button('Sign in').isDisabled()).toBe(true);
    await wait.filter({ hasText: 'in 1 second.' }).waitFor();
    await message(page, 'You can try again now.').waitFor();
    await button('Sign in').click();
    await isLive(page);
    expect(guest.refusals).toContain('429 POST /auth/session');
    expect(guest.complaints).toEqual([]);
  });
});

describeInBrowser('the page without a login', (browser) => {
  it.each(['/ext/webui/', '/api/v1/ext/webui/'])('shows everything at once at %s', async (path) => {
    await using server = await startServer({ ORDINAUT_REQUIRE_SCOPES: 'true' });
    await using guest = await visit(browser(), server.url, { path });
    const { page, field, button } = guest;
    await isLive(page);
    expect(await form(page).isVisible()).toBe(false);
    expect(await button('Sign out').isVisible()).toBe(false);
    expect(await page.locator('#account').isVisible()).toBe(false);
    await button('New task').click();
    await field('Title').fill('For everybody');
    await field('When').fill('@daily');
    await field('When').press('Enter');
    await cell(page, 'For everybody').waitFor();
    expect(await guest.context.cookies()).toEqual([]);
    expect(guest.refusals).toEqual([]);
    expect(guest.complaints).toEqual([]);
  });
});
