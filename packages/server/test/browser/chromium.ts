import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A browser takes its time on a machine that does much else. */
const SLOW_MS = 90_000;

/** The browser of the tests: ORDINAUT_TEST_CHROMIUM, or what is installed; null where there is none. */
function findChromium(): string | null {
  const named = process.env.ORDINAUT_TEST_CHROMIUM;
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const places = named ? [named] : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return places.find((place) => existsSync(place)) ?? null;
}

/**
 * Runs a suite with a real browser. Where there is none it is reported as skipped, by its name; with
 * ORDINAUT_TEST_REQUIRE_SERVICES=1 it fails.
 */
export function describeInBrowser(name: string, suite: (browser: () => Browser) => void): void {
  const executablePath = findChromium();
  if (executablePath === null && process.env.ORDINAUT_TEST_REQUIRE_SERVICES === '1') {
    it(name, () => {
      throw new Error(
        'A browser is required (ORDINAUT_TEST_REQUIRE_SERVICES=1) and none was found: install Chromium, or name it in ORDINAUT_TEST_CHROMIUM.',
      );
    });
    return;
  }
  describe.skipIf(executablePath === null)(name, { timeout: SLOW_MS }, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath!, args });
    }, SLOW_MS);
    afterAll(() => browser?.close());
    suite(() => browser);
  });
}
