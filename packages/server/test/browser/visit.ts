import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** A window of a browser without a past, open at the page. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the console of the page has complained of: errors, warnings, violations of the Content Security Policy. */
  readonly complaints: readonly string[];
  /** What the server has refused, as `401 GET /auth/session`: browsers note that in the console by themselves. */
  readonly refusals: readonly string[];
  field(label: string): Locator;
  button(name: string): Locator;
  signIn(username: string, password: string): Promise<void>;
}

const noted = /^Failed to load resource: the server responded with a status of 4\d\d /;

export async function visit(
  browser: Browser,
  url: string,
  { path = '/ext/webui/', ...options }: BrowserContextOptions & { path?: string } = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const refusals: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !noted.test(text)) complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { pathname } = new URL(response.url());
    refusals.push(`${response.status()} ${response.request().method()} ${pathname}`);
  });
  await page.addInitScript(`
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
      console.error('Content Security Policy: ' + effectiveDirective + ' ' + blockedURI);
    });
  `);
  await page.goto(`${url}${path}`);
  const field = (label: string) => page.getByLabel(label, { exact: true });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  return {
    page,
    context,
    complaints,
    refusals,
    field,
    button,
    async signIn(username, password) {
      await field('Username').fill(username);
      await field('Password').fill(password);
      await field('Password').press('Enter');
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}
