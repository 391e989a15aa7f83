import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { runCli, startCli } from './run-cli.ts';

let api: TestServer;
let directory: string;
beforeAll(async () => {
  api = await startServer();
  directory = await mkdtemp(join(tmpdir(), 'ordinaut-cli-'));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const cli = (args: string[], input?: string) =>
  runCli(['alert', ...args], { env: { ORDINAUT_URL: api.url }, ...(input === undefined ? {} : { input }) });
async function answer(args: string[], input?: string) {
  const { code, stdout, stderr } = await cli(args, input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}
const flags = ['--title', 'Scan', '--severity', 'low', '--source', 'ids'];

describe('alert submit', () => {
  test('from flags; the same again is deduplicated', async () => {
    const more = [
      '--ioc',
      'ip:203.0.113.7',
      '--ioc',
      'url:http://x.example/a',
      '--asset',
      'web-1',
      '--technique',
      'T1046',
    ];
    const rest = ['--metadata', 'rule=7', '--description', 'ports'];
    const made = await answer(['submit', ...flags, ...more, ...rest]);
    expect(made).toMatchObject({
      title: 'Scan',
      severity: 'low',
      source: 'ids',
      description: 'ports',
      iocs: [
        { type: 'ip', value: '203.0.113.7' },
        { type: 'url', value: 'http://x.example/a' },
      ],
      affected_assets: ['web-1'],
      mitre_techniques: ['T1046'],
      metadata: { rule: 7 },
      deduplicated: false,
    });
    expect(await answer(['submit', ...flags, ...more])).toMatchObject({
      id: made.id,
      deduplicated: true,
      occurrences: 2,
    });
  });

  test('from a file with one, a flag going before the field', async () => {
    const file = join(directory, 'alert.json');
    await writeFile(file, JSON.stringify({ title: 'F', severity: 'low', source: 'file' }, null, 2));
    expect(await answer(['submit', '--file', file, '--severity', 'critical', '--dedup-key', 'k'])).toMatchObject({
      title: 'F',
      severity: 'critical',
      dedup_hash: 'k',
    });
  });

  test('many: an array, a JSON object a line, more than fit into one request', async () => {
    const many = Array.from({ length: 1100 }, (_, n) => ({ title: `n${n}`, severity: 'info', source: 'many' }));
    const sent = await answer(['submit', '--file', '-'], JSON.stringify(many));
    expect(sent).toMatchObject({ created: 1100, deduplicated: 0, rejected: 0 });
    expect(sent.results.map(({ alert }: { alert: { title: string } }) => alert.title)).toEqual(
      many.map(({ title }) => title),
    );
    const lines = many.slice(0, 3).map(({ source: _, ...each }) => JSON.stringify(each));
    const again = await answer(['submit', '--file', '-', '--source', 'many'], `${lines.join('\n')}\n\n`);
    expect(again).toMatchObject({ created: 0, deduplicated: 3 });
    const long = Array.from({ length: 20 }, (_, n) => ({
      title: `long${n}`,
      severity: 'info',
      source: 'many',
      raw_log: 'é'.repeat(100_000),
    }));
    expect(await answer(['submit', '--file', '-'], JSON.stringify(long))).toMatchObject({ created: 20 });
  });

  test('with one that is rejected the others are submitted, and the end is 1', async () => {
    const lines = [
      '{"title":"ok","severity":"info","source":"x"}',
      '{"title":"no","severity":"bad","source":"x"}',
      '{"title":',
      '7',
      '{"title":"too","severity":"info","source":"x"}',
    ];
    const { code, stdout } = await cli(['submit', '--file', '-'], lines.join('\n'));
    expect(code).toBe(1);
    const outcome = JSON.parse(stdout);
    expect(outcome).toMatchObject({ created: 2, rejected: 3 });
    expect(outcome.results.map(({ outcome: each }: { outcome: string }) => each)).toEqual([
      'created',
      'rejected',
      'rejected',
      'rejected',
      'created',
    ]);
    expect(outcome.results[2].error.message).toBe('Line 3 of Standard input is not valid JSON.');
    const badFirst = await cli(['submit', '--file', '-'], ['{"title"', ...lines.slice(0, 1)].join('\n'));
    expect([badFirst.code, JSON.parse(badFirst.stdout)]).toMatchObject([1, { deduplicated: 1, rejected: 1 }]);
    expect(outcome.results[1].error).toMatchObject({ details: { field: 'severity' } });
  });

  test('what cannot be read ends with 2, what is refused with 1 and names the field', async () => {
    const broken = await cli(['submit', '--file', '-'], '{"title":"a",\n"severity":\n');
    expect(broken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Standard input is not valid JSON'),
    });
    expect((await cli(['submit', '--file', '-'], '7')).code).toBe(2);
    const refused = await cli(['submit', '--title', 'a', '--severity', 'HIGH']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^ {2}severity: is "HIGH"/m);
    expect(refused.stderr).toMatch(/^ {2}source: is required/m);
  });
});

test('list, show, ack and update', async () => {
  const { id } = await answer(['submit', '--title', 'Triage me', '--severity', 'high', '--source', 'triage']);
  expect(
    await answer(['list', '--source', 'triage', '--severity', 'high', '--status', 'new', '--search', 'TRIAGE']),
  ).toMatchObject({
    total: 1,
    items: [{ id }],
  });
  expect(await answer(['list', '--since', '2999-01-01T00:00:00Z'])).toMatchObject({ total: 0 });
  expect(await answer(['ack', id, '--assign', 'anna'])).toMatchObject({ status: 'triaged', assigned_agent: 'anna' });
  expect(await answer(['update', id, '--status', 'resolved', '--assign', '', '--case', 'C-7'])).toMatchObject({
    status: 'resolved',
    assigned_agent: null,
    case_id: 'C-7',
  });
  expect(await answer(['show', id])).toMatchObject({ id, status: 'resolved' });
  const bad = await cli(['update', id, '--status', 'escalated', '--json']);
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.stderr)).toMatchObject({ error: 'conflict', details: { allowed: ['investigating'] } });
  expect((await cli(['ack', id])).stderr).toContain('is resolved; set its status to investigating');
  const patch = JSON.stringify({ metadata: { note: 1 } });
  expect(await answer(['update', id, '--file', '-', '--status', 'investigating'], patch)).toMatchObject({
    status: 'investigating',
    metadata: { note: 1 },
  });
  expect((await cli(['show', '01890000-0000-7000-8000-000000000001'])).code).toBe(1);
});

test('tail shows every change as a line of JSON, from an id on', async () => {
  const { id } = await answer(['submit', '--title', 'Tail', '--severity', 'medium', '--source', 'tail']);
  await answer(['ack', id]);
  const tail = startCli(['alert', 'tail', '--source', 'tail', '--after', '0-0'], { env: { ORDINAUT_URL: api.url } });
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface(tail.stdout)) {
    lines.push(JSON.parse(line));
    if (lines.length === 2) await answer(['update', id, '--severity', 'high']);
    if (lines.length === 3) break;
  }
  tail.kill();
  expect(lines).toMatchObject([
    { event: 'alert.created', alert: { id, status: 'new' } },
    { event: 'alert.updated', alert: { id, status: 'triaged' } },
    { event: 'alert.updated', alert: { id, severity: 'high' }, id: expect.stringMatching(/^\d+-\d+$/) },
  ]);
  expect((await cli(['tail', '--severity', 'bad'])).code).toBe(1);
  const nowhere = await cli(['tail', '--after', 'zzz']);
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('--after is "zzz"; it must be the id')]);
});
