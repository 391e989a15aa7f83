import { createHash } from 'node:crypto';
import { type AlertStatus, alertStatuses, alertStatusesAfter, isClosedAlert, mayAlertBecome } from '@ordinaut/contract';
import { describe, expect, test } from 'vitest';
import { alertEvent } from '../../src/alerts/alert-event.ts';
import { readAlert } from '../../src/alerts/alert-input.ts';
import { dedupHash } from '../../src/alerts/dedup-hash.ts';
import { MAX_DATA_BYTES } from '../../src/events/event-service.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the hash of an alert', () => {
  test('is that of title, source and the sorted IOCs in lower case', () => {
    const iocs = [
      { type: 'IP', value: '10.0.0.9' },
      { type: 'domain', value: 'Evil.Example' },
    ];
    const expected = sha256('Brute force|edr|domain:evil.example,ip:10.0.0.9');
    expect(dedupHash({ title: 'Brute force', source: 'edr', iocs })).toBe(expected);
    expect(dedupHash({ title: 'Brute force', source: 'edr', iocs: iocs.toReversed() })).toBe(expected);
    expect(dedupHash({ title: 'brute force', source: 'edr', iocs })).not.toBe(expected);
  });

  test('without IOCs ends with the bar; the key of a caller stands in its place', () => {
    expect(dedupHash({ title: 'a', source: 'b' })).toBe(sha256('a|b|'));
    expect(dedupHash({ title: 'a', source: 'b', dedup_key: 'host-7/disk' })).toBe('host-7/disk');
    expect(dedupHash({ title: 'a', source: 'b', dedup_key: null })).toBe(sha256('a|b|'));
  });
});

describe('transitions', () => {
  const table: Record<AlertStatus, AlertStatus[]> = {
    new: ['new', 'triaged', 'investigating', 'escalated', 'resolved', 'false_positive'],
    triaged: ['triaged', 'investigating', 'escalated', 'resolved', 'false_positive'],
    investigating: ['investigating', 'triaged', 'escalated', 'resolved', 'false_positive'],
    escalated: ['escalated', 'triaged', 'investigating', 'resolved', 'false_positive'],
    resolved: ['resolved', 'investigating'],
    false_positive: ['false_positive', 'investigating'],
  };
  test.each(alertStatuses)('from %s', (from) => {
    for (const to of alertStatuses) expect(mayAlertBecome(from, to), `${from} to ${to}`).toBe(table[from].includes(to));
    expect(new Set([from, ...alertStatusesAfter(from)])).toEqual(new Set(table[from]));
    expect(isClosedAlert(from)).toBe(from === 'resolved' || from === 'false_positive');
  });
});

describe('the event of an alert', () => {
  const row = (raw_log: string) => readAlert({ title: 'a', severity: 'low', source: 'b', raw_log }, 0);

  test('carries all of it where it fits, to the byte', () => {
    const rest = Buffer.byteLength(alertEvent(row('')));
    const most = row('x'.repeat(MAX_DATA_BYTES - rest));
    expect(JSON.parse(alertEvent(most)).raw_log).toBe(most.raw_log);
    expect(Buffer.byteLength(alertEvent(most))).toBe(MAX_DATA_BYTES);
  });

  test.each([
    ['letters', 'x'],
    ['what is escaped', '"'],
    ['what has four bytes', '💥'],
    ['what has three bytes', '語'],
  ])('cuts a log of %s that does not fit, and says so', (_name, character) => {
    const log = character.repeat(262_144 / character.length);
    const event = alertEvent(row(log));
    const shown = JSON.parse(event).raw_log as string;
    const bytes = Buffer.byteLength(event);
    expect(shown.endsWith('… [cut short; GET /alerts/{id} has all of it]')).toBe(true);
    expect(bytes).toBeLessThanOrEqual(MAX_DATA_BYTES);
    expect(bytes).toBeGreaterThan(MAX_DATA_BYTES - 2000);
    expect(shown.isWellFormed()).toBe(true);
  });

  test('many together have less room each', () => {
    const event = alertEvent(row('x'.repeat(200_000)), 500);
    expect(Buffer.byteLength(event)).toBeLessThan(17_000);
    expect(JSON.parse(event).raw_log).toMatch(/^x{10000,}… \[cut short/);
  });
});
