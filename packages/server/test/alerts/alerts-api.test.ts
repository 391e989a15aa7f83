import type {
  Alert,
  AlertBulkResult,
  AlertInput,
  ErrorBody,
  EventList,
  OperationResult,
  Page,
  SubmittedAlert,
} from '@ordinaut/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const brute: AlertInput = {
  title: 'SSH brute force',
  severity: 'high',
  source: 'sshd',
  iocs: [{ type: 'ip', value: '203.0.113.7' }],
};

describeStores('alerts', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  const clock = shiftedClock();
  beforeEach(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { clock });
  });
  afterEach(async () => {
    await api.server.stop();
    await place.remove();
  });

  const submit = (input: unknown, headers?: Record<string, string>) =>
    api.call<SubmittedAlert>('POST', '/alerts', input, headers);
  const made = async (fields: Partial<AlertInput> = {}) => (await submit({ ...brute, ...fields })).body;
  const patch = (id: string, fields: unknown) => api.call<Alert>('PATCH', `/alerts/${id}`, fields);
  const refusal = <Body>({ status, body }: Answer<Body>) => {
    const { error, message, details } = body as ErrorBody;
    return { status, error, message, details };
  };
  const list = async (query: string) => (await api.call<Page<Alert>>('GET', `/alerts?${query}`)).body;
  /** The topics and alerts of all events of alerts, the oldest first; waits until there are so many. */
  const events = async (count: number) => {
    for (;;) {
      const { body } = await api.call<EventList>('GET', '/events/stream/recent?count=1000');
      const found = body.items.filter(({ topic }) => topic.startsWith('alert.')).toReversed();
      if (found.length >= count) return found;
    }
  };

  test('an alert that is new is made with all its fields', async () => {
    const everything = {
      ...brute,
      description: 'Forty attempts',
      asset_type: 'server',
      affected_assets: ['web-1'],
      mitre_techniques: ['T1110'],
      raw_log: 'Failed password for root',
      assigned_agent: 'anna',
      case_id: 'C-1',
      metadata: { rule: 7 },
    };
    const { status, body } = await submit({ ...everything, dedup_key: 'web-1/ssh' });
    expect(status).toBe(201);
    const { id, first_seen, last_seen, created_at, updated_at } = body;
    expect(body).toEqual({
      ...everything,
      id,
      status: 'new',
      dedup_hash: 'web-1/ssh',
      occurrences: 1,
      deduplicated: false,
      ...{ first_seen, last_seen, created_at, updated_at },
    });
    expect(new Set([first_seen, last_seen, created_at, updated_at]).size).toBe(1);
    const { deduplicated: _, ...alert } = body;
    expect((await api.call('GET', `/alerts/${id}`)).body).toEqual(alert);
  });

  test('the same again is an occurrence of it, and nothing else changes', async () => {
    const first = await submit(brute);
    clock.shift(60_000);
    const again = await submit({
      ...brute,
      severity: 'low',
      description: 'another',
      iocs: [{ type: 'IP', value: '203.0.113.7' }],
    });
    expect([first.status, again.status]).toEqual([201, 200]);
    const { last_seen, updated_at } = again.body;
    expect(again.body).toEqual({ ...first.body, occurrences: 2, deduplicated: true, last_seen, updated_at });
    expect(Date.parse(last_seen) - Date.parse(first.body.last_seen)).toBeGreaterThanOrEqual(60_000);
    expect((await made({ source: 'other' })).deduplicated).toBe(false);
    expect((await made({ dedup_key: 'mine' })).deduplicated).toBe(false);
    expect((await made({ title: 'quite different', dedup_key: 'mine' })).occurrences).toBe(2);
  });

  test.each(['resolved', 'false_positive'] as const)(
    'what is %s is no longer the same: a new alert is made',
    async (status) => {
      const first = await made();
      await patch(first.id, { status });
      const second = await made();
      expect(second).toMatchObject({ deduplicated: false, occurrences: 1, status: 'new' });
      expect(second.id).not.toBe(first.id);
      // Open in another way it is the same still.
      await patch(second.id, { status: 'escalated' });
      expect(await made()).toMatchObject({ id: second.id, occurrences: 2, status: 'escalated' });
      const reopened = refusal(await patch(first.id, { status: 'investigating' }));
      expect(reopened).toMatchObject({ status: 409, error: 'conflict', details: { open_alert_id: second.id } });
      expect(reopened.message).toContain(second.id);
      await patch(second.id, { status: 'resolved' });
      expect((await patch(first.id, { status: 'investigating' })).body).toMatchObject({ status: 'investigating' });
      expect(await made()).toMatchObject({ id: first.id, occurrences: 2 });
    },
  );

  test('a status that does not come after the present one is refused with both and what is allowed', async () => {
    const { id } = await made();
    await patch(id, { status: 'resolved' });
    expect(refusal(await patch(id, { status: 'triaged', severity: 'low' }))).toEqual({
      status: 409,
      error: 'conflict',
      message: `Alert ${id} is resolved and cannot become triaged; allowed: investigating.`,
      details: { status: 'resolved', wanted: 'triaged', allowed: ['investigating'] },
    });
    expect((await api.call<Alert>('GET', `/alerts/${id}`)).body).toMatchObject({
      status: 'resolved',
      severity: 'high',
    });
  });

  test('what is patched is changed, what makes it the same stays, and no change tells nobody', async () => {
    const alert = await made();
    clock.shift(1000);
    const fields = {
      title: 'SSH',
      severity: 'critical',
      iocs: [],
      metadata: { a: 1 },
      case_id: 'C-9',
      description: null,
    };
    const { status, body } = await patch(alert.id, fields);
    const { deduplicated: _, ...before } = alert;
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, ...fields, updated_at: body.updated_at });
    expect(Date.parse(body.updated_at)).toBeGreaterThan(Date.parse(alert.updated_at));
    expect((await patch(alert.id, { severity: 'critical', metadata: { a: 1 } })).body).toEqual(body);
    expect(await made()).toMatchObject({ id: alert.id, occurrences: 2 });
    const told = await events(3);
    expect(told.map(({ topic }) => topic)).toEqual(['alert.created', 'alert.updated', 'alert.deduplicated']);
    expect(told.map(({ data }) => data)).toEqual([
      before,
      body,
      expect.objectContaining({
        ...body,
        occurrences: 2,
        last_seen: expect.any(String),
        updated_at: expect.any(String),
      }),
    ]);
    expect(told.every(({ source, stream }) => source === 'core' && stream === 'core')).toBe(true);
  });

  test('acknowledging takes a new alert, and leaves one that is further on', async () => {
    const { id } = await made();
    const acknowledge = (body?: unknown) => api.call<Alert>('POST', `/alerts/${id}/acknowledge`, body);
    expect((await acknowledge({ assigned_agent: 'anna' })).body).toMatchObject({
      status: 'triaged',
      assigned_agent: 'anna',
    });
    expect((await acknowledge({ assigned_agent: 'ben' })).body).toMatchObject({
      status: 'triaged',
      assigned_agent: 'anna',
    });
    await patch(id, { status: 'escalated' });
    expect((await acknowledge()).body).toMatchObject({ status: 'escalated', assigned_agent: 'anna' });
    await patch(id, { status: 'false_positive' });
    expect(refusal(await acknowledge())).toMatchObject({
      status: 409,
      details: { status: 'false_positive', allowed: ['investigating'] },
    });
    // Nobody is known here, so that nobody is named.
    const other = await made({ source: 'b' });
    expect((await api.call('POST', `/alerts/${other.id}/acknowledge`)).body).toMatchObject({
      status: 'triaged',
      assigned_agent: null,
    });
    expect((await events(6)).map(({ topic }) => topic)).toEqual([
      ...['alert.created', 'alert.updated', 'alert.updated', 'alert.updated', 'alert.created', 'alert.updated'],
    ]);
  });

  test('the list is filtered by every field and paged', async () => {
    const ssh = await made();
    const disk = await made({ title: 'Disk 100% full', source: 'node', severity: 'low', description: 'Ünter /var' });
    clock.shift(3_600_000);
    const since = new Date(clock.now()).toISOString();
    await made();
    const last = await made({ title: 'new', source: 'node', severity: 'low' });
    await patch(last.id, { status: 'triaged' });
    const ids = async (query: string) => (await list(query)).items.map(({ id }) => id);
    expect(await ids('')).toEqual([last.id, disk.id, ssh.id]);
    expect(await ids('severity=low')).toEqual([last.id, disk.id]);
    expect(await ids('severity=low&status=new')).toEqual([disk.id]);
    expect(await ids('source=sshd')).toEqual([ssh.id]);
    expect(await ids(`since=${since}`)).toEqual([last.id, ssh.id]);
    expect(await ids('q=FULL')).toEqual([disk.id]);
    expect(await ids('q=100%25')).toEqual([disk.id]);
    expect(await ids(`q=${encodeURIComponent('Ünter')}`)).toEqual([disk.id]);
    expect(await ids('q=_isk')).toEqual([]);
    expect(await ids('limit=1&skip=1')).toEqual([disk.id]);
    expect(await ids('limit=1&offset=2')).toEqual([ssh.id]);
    const page = await list('limit=2');
    expect(page).toMatchObject({ total: 3, has_more: true });
    expect(await ids(`cursor=${page.next_cursor}`)).toEqual([ssh.id]);
  });

  test('a bulk has one result each in its order, and what is wrong rejects itself alone', async () => {
    const there = await made({ dedup_key: 'there' });
    const alerts = [
      { ...brute, dedup_key: 'a' },
      { ...brute, severity: 'worst' },
      { ...brute, dedup_key: 'there' },
      { ...brute, dedup_key: 'a' },
      'nothing',
      { ...brute, dedup_key: 'b', description: 'x'.repeat(10_000), metadata: { long: 'x'.repeat(60_000) } },
      { ...brute, dedup_key: 'b' },
    ];
    const { status, body } = await api.call<AlertBulkResult>('POST', '/alerts/bulk', { alerts });
    expect(status).toBe(200);
    expect(body).toMatchObject({ created: 2, deduplicated: 2, rejected: 3 });
    const outcomes = body.results.map(({ outcome, alert }) => [outcome, alert?.dedup_hash, alert?.occurrences]);
    expect(outcomes).toEqual([
      ['created', 'a', 1],
      ['rejected', undefined, undefined],
      ['deduplicated', 'there', 2],
      ['deduplicated', 'a', 2],
      ['rejected', undefined, undefined],
      ['rejected', undefined, undefined],
      ['created', 'b', 1],
    ]);
    expect(body.results[1]!.error).toMatchObject({ error: 'bad_request', details: { field: 'severity' } });
    expect(body.results[4]!.error).toMatchObject({ error: 'bad_request' });
    expect(body.results[5]!.error).toMatchObject({ error: 'payload_too_large', details: { limit: 65_536 } });
    expect((await list('')).total).toBe(3);
    expect((await api.call<Alert>('GET', `/alerts/${there.id}`)).body.occurrences).toBe(2);
    const told = (await events(5)).map(({ topic, data }) => [
      topic,
      (data as Alert).dedup_hash,
      (data as Alert).occurrences,
    ]);
    expect(told).toEqual([
      ['alert.created', 'there', 1],
      ['alert.created', 'a', 1],
      ['alert.created', 'b', 1],
      ['alert.deduplicated', 'there', 2],
      ['alert.deduplicated', 'a', 2],
    ]);
  });

  test('500 at once are one bulk, 501 and none are refused', async () => {
    const alerts = Array.from({ length: 500 }, (_, n) => ({ ...brute, dedup_key: String(n % 250) }));
    const { body } = await api.call<AlertBulkResult>('POST', '/alerts/bulk', { alerts });
    expect(body).toMatchObject({ created: 250, deduplicated: 250, rejected: 0 });
    expect(body.results.map(({ alert }) => alert!.dedup_hash)).toEqual(alerts.map(({ dedup_key }) => dedup_key));
    for (const wrong of [[...alerts, brute], []]) {
      const refused = refusal(await api.call('POST', '/alerts/bulk', { alerts: wrong }));
      expect(refused).toMatchObject({ status: 400, details: { field: 'alerts' } });
    }
  });

  test('a long log is kept whole and told cut short', async () => {
    const raw_log = 'é'.repeat(200_000);
    const alert = await made({ raw_log });
    expect(alert.raw_log).toBe(raw_log);
    const [told] = await events(1);
    expect(told!.data).toMatchObject({ id: alert.id, raw_log: expect.stringMatching(/^é+… \[cut short/) });
    const alerts = Array.from({ length: 500 }, () => brute);
    const { body } = await api.call<AlertBulkResult>('POST', '/alerts/bulk', { alerts });
    expect(body).toMatchObject({ created: 0, deduplicated: 500 });
    expect(JSON.stringify(body).length).toBeLessThan(10_000_000);
    expect((await api.call<Alert>('GET', `/alerts/${alert.id}`)).body).toMatchObject({ raw_log, occurrences: 501 });
  });

  test('a key of idempotency answers as it did, with the status it had', async () => {
    const key = (name: string) => ({ 'idempotency-key': name });
    const first = await submit(brute, key('one'));
    const second = await submit(brute, key('two'));
    const replays = [await submit(brute, key('one')), await submit(brute, key('two'))];
    expect([first.status, second.status, ...replays.map(({ status }) => status)]).toEqual([201, 200, 201, 200]);
    expect(replays.map(({ body }) => body)).toEqual([first.body, second.body]);
    expect(replays.every(({ headers }) => headers.get('idempotency-replayed') === 'true')).toBe(true);
    expect((await submit({ ...brute, severity: 'low' }, key('one'))).status).toBe(409);
    expect((await list('')).items).toMatchObject([{ occurrences: 2 }]);
  });

  describe('what is wrong is named', () => {
    test('in a submission', async () => {
      const long = (count: number) => 'x'.repeat(count);
      const table: [string, unknown, string][] = [
        ['no title', { ...brute, title: undefined }, 'title'],
        ['an empty title', { ...brute, title: '' }, 'title'],
        ['a title of 501', { ...brute, title: long(501) }, 'title'],
        ['no severity', { ...brute, severity: undefined }, 'severity'],
        ['a severity that is none', { ...brute, severity: 'HIGH' }, 'severity'],
        ['no source', { ...brute, source: undefined }, 'source'],
        ['a source that is a number', { ...brute, source: 7 }, 'source'],
        ['a status, which the server gives', { ...brute, status: 'resolved' }, 'status'],
        ['occurrences, which the server counts', { ...brute, occurrences: 7 }, 'occurrences'],
        ['an IOC without a value', { ...brute, iocs: [{ type: 'ip' }] }, 'iocs[0].value'],
        ['an IOC that is a text', { ...brute, iocs: ['ip:1.2.3.4'] }, 'iocs[0]'],
        ['201 IOCs', { ...brute, iocs: Array(201).fill({ type: 'ip', value: 'x' }) }, 'iocs'],
        ['assets that are no texts', { ...brute, affected_assets: [1] }, 'affected_assets[0]'],
        ['techniques that are no list', { ...brute, mitre_techniques: 'T1110' }, 'mitre_techniques'],
        ['metadata that is a list', { ...brute, metadata: [] }, 'metadata'],
        ['a log that is too long', { ...brute, raw_log: long(262_145) }, 'raw_log'],
        ['an empty dedup_key', { ...brute, dedup_key: '' }, 'dedup_key'],
        ['a character that cannot be stored', { ...brute, title: 'a\u0000b' }, 'title'],
        ['a field nobody knows', { ...brute, sevrity: 'low' }, 'sevrity'],
        ['a list', [brute], ''],
      ];
      for (const [name, input, field] of table)
        expect(refusal(await submit(input)), name).toMatchObject({
          status: 400,
          error: 'bad_request',
          details: { field },
        });
      expect((await list('')).total).toBe(0);
    });

    test('in a change', async () => {
      const alert = await made();
      const table: [string, unknown, string][] = [
        ['a text', 'resolved', ''],
        ['a source', { source: 'other' }, 'source'],
        ['a status that is none', { status: 'closed' }, 'status'],
        ['a title that is null', { title: null }, 'title'],
        ['an agent without a name', { assigned_agent: '' }, 'assigned_agent'],
        ['a character that cannot be stored', { case_id: '\u0000' }, 'case_id'],
      ];
      for (const [name, fields, field] of table)
        expect(refusal(await patch(alert.id, fields)), name).toMatchObject({ status: 400, details: { field } });
      const { deduplicated: _, ...before } = alert;
      expect((await api.call('GET', `/alerts/${alert.id}`)).body).toEqual(before);
    });

    test('in a query, an id, an acknowledgement, and what is too much', async () => {
      const { id } = await made();
      for (const query of ['severity=x', 'status=x', 'since=x', 'limit=0', 'limit=201', 'skip=-1', 'q=', 'nope=1'])
        expect(refusal(await api.call('GET', `/alerts?${query}`)), query).toMatchObject({
          status: 400,
          details: { field: query.split('=')[0] },
        });
      expect((await api.call('GET', '/alerts/7')).status).toBe(400);
      const nobody = '01890000-0000-7000-8000-000000000001';
      expect(refusal(await api.call('GET', `/alerts/${nobody}`))).toMatchObject({
        status: 404,
        details: { what: 'alert', id: nobody },
      });
      expect(refusal(await patch(nobody, { severity: 'low' })).status).toBe(404);
      expect((await api.call('POST', `/alerts/${nobody}/acknowledge`)).status).toBe(404);
      const acknowledged = await api.call('POST', `/alerts/${id}/acknowledge`, { assigned_agent: 7 });
      expect(refusal(acknowledged)).toMatchObject({ status: 400, details: { field: 'assigned_agent' } });
      const much = { a: 'x'.repeat(66_000) };
      expect(refusal(await submit({ ...brute, metadata: much }))).toMatchObject({
        status: 413,
        error: 'payload_too_large',
      });
      expect(refusal(await patch(id, { metadata: much }))).toMatchObject({ status: 413, details: { limit: 65_536 } });
    });
  });

  test('what becomes of submissions is counted and audited', async () => {
    await made();
    await made();
    await submit({});
    await api.call('POST', '/alerts/bulk', { alerts: [brute, {}] });
    const metrics = await (await fetch(`${api.url}/ext/observability/metrics`)).text();
    for (const [outcome, count] of [
      ['created', 1],
      ['deduplicated', 2],
      ['rejected', 2],
    ])
      expect(metrics).toContain(`ordinaut_alerts_total{outcome="${outcome}"} ${count}`);
    const { body } = await api.call<Page<{ action: string; status: number }>>('GET', '/audit');
    const told = body.items
      .filter(({ action }) => action.startsWith('alerts.'))
      .map(({ action, status }) => [action, status]);
    expect(told.toReversed()).toEqual([
      ['alerts.submit', 201],
      ['alerts.submit', 200],
      ['alerts.submit', 400],
      ['alerts.bulk', 200],
    ]);
    const gone = await api.call<OperationResult>('DELETE', '/alerts');
    expect(gone.status).toBe(405);
  });
});
