import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fatal, NotReady } from '@ordinaut/kit';
import { expect, test } from 'vitest';
import { BootJournal } from '../../src/containment/boot-journal.ts';
import { CrashBudget } from '../../src/containment/crash-budget.ts';
import { ActivationError } from '../../src/extensions/activation-error.ts';
import { Attempts } from '../../src/extensions/containment/attempts.ts';
import { Breaker } from '../../src/extensions/containment/breaker.ts';
import { Ledger } from '../../src/extensions/ledger.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { logger } from '../support/stores.ts';

/** A clock that only the test moves on. */
function stoppedClock(): Clock & { pass(ms: number): void } {
  let at = 1_000;
  return {
    ...systemClock,
    now: () => at,
    monotonic: () => at,
    pass(ms) {
      at += ms;
    },
  };
}

test('effects are undone strictly backwards, each after the one before, and one that fails stops none', async () => {
  const ledger = new Ledger('site');
  const undone: string[] = [];
  ledger.add('routes', 'first', () => undone.push('first'));
  ledger.add('timer', 'second', () => Promise.reject(new Error('stuck')));
  ledger.add('tool', 'third', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    undone.push('third');
  });
  const takeBack = ledger.add('resource', 'fourth', () => undone.push('fourth'));
  await takeBack();
  await takeBack();
  expect(ledger.list().map(({ label }) => label)).toEqual(['first', 'second', 'third']);
  const failures = await ledger.undoAll();
  expect(undone).toEqual(['fourth', 'third', 'first']);
  expect(failures).toEqual([expect.objectContaining({ kind: 'timer', label: 'second' })]);
  expect(() => ledger.add('timer', 'late', () => {})).toThrow('site was stopped or replaced');
});

test('the breaker opens after ten failures in a row, lets one try, and waits longer when that fails', () => {
  const clock = stoppedClock();
  const breaker = new Breaker(clock);
  for (let failure = 1; failure <= 9; failure += 1) breaker.settle(true);
  breaker.settle(false);
  for (let failure = 1; failure <= 10; failure += 1) {
    expect(breaker.enter()).toBe(0);
    breaker.settle(true);
  }
  expect([breaker.state, breaker.enter()]).toEqual(['open', 5_000]);
  clock.pass(5_000);
  expect(breaker.state).toBe('half_open');
  expect(breaker.enter()).toBe(0);
  // While that one tries the others wait.
  expect(breaker.enter()).toBeGreaterThan(0);
  breaker.settle(true);
  expect(breaker.enter()).toBe(10_000);
  clock.pass(10_000);
  expect(breaker.enter()).toBe(0);
  breaker.settle(false);
  expect([breaker.state, breaker.enter()]).toEqual(['closed', 0]);
});

test('one that tries and never tells does not keep the breaker open for ever', () => {
  const clock = stoppedClock();
  const breaker = new Breaker(clock);
  for (let failure = 1; failure <= 10; failure += 1) breaker.settle(true);
  clock.pass(5_000);
  expect(breaker.enter()).toBe(0);
  clock.pass(5_000);
  expect(breaker.enter()).toBe(0);
});

test('activations are tried again later and later, and never after Fatal', () => {
  const clock = stoppedClock();
  const attempts = new Attempts(clock);
  expect(attempts.waitMs).toBe(0);
  const waits = Array.from({ length: 8 }, () => attempts.failed(new NotReady('not yet')).retryMs);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  clock.pass(59_000);
  expect(attempts.waitMs).toBe(1_000);
  attempts.reset();
  expect([attempts.waitMs, attempts.failure]).toEqual([0, null]);
  expect(attempts.failed(new ActivationError('setup', new Fatal('never'))).retryMs).toBe(Number.POSITIVE_INFINITY);
  expect(attempts.failure).toMatchObject({ fatal: true, phase: 'setup', message: 'never' });
});

test('three crashes within five minutes are too many, spread out they are not', () => {
  const clock = stoppedClock();
  const budget = new CrashBudget(clock);
  expect([budget.spend(), budget.spend()]).toEqual([false, false]);
  clock.pass(300_000);
  expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([false, false, true]);
});

test('the journal names who was being activated when a process ended, and nobody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ordinaut-journal-'));
  const journal = new BootJournal(join(folder, 'activating'), 'extension', logger);
  expect(journal.takeSuspects()).toEqual([]);
  journal.begin('fine');
  journal.end('fine');
  journal.begin('mine');
  // Of a process that is gone (no process has this id), and of one that lives.
  writeFileSync(join(folder, 'activating', 'gone.4194305'), 'It ended.');
  writeFileSync(join(folder, 'activating', `busy.${process.ppid}`), 'It lives.');
  expect(journal.takeSuspects()).toEqual(
    expect.arrayContaining([
      { id: 'gone', reason: 'It ended.' },
      { id: 'mine', reason: expect.stringContaining('while this extension was being started') },
    ]),
  );
  expect(readdirSync(join(folder, 'activating'))).toEqual([`busy.${process.ppid}`]);
  rmSync(folder, { recursive: true });
});
