/**
 * One body for every client: what ours expects of the operations that are probed, fields of the others among it. All of them read the
 * same bytes.
 */
export const probeAnswer = JSON.stringify({
  // system.mode
  version: '0.1.0',
  node: 'v26.0.0',
  store: 'sqlite',
  roles: ['api'],
  instance: 'probe',
  server_time: '2026-01-01T00:00:00.000Z',
  // events.publish
  success: true,
  message: 'Published.',
  details: {
    event_id: '01a215be-1ebd-72a9-8da7-9c88c49b7842',
    stream_id: '1-0',
    topic: 'a.b',
    triggered_tasks: [],
    published_at: '2026-01-01T00:00:00.000Z',
  },
  // agents.createCredentials
  agent_id: '01a215be-1ebd-72a9-8da7-9c88c49b7842',
  agent_secret: 'secret',
  // openai
  id: 'probe',
  object: 'model',
  choices: [],
  // Amazon EventBridge Scheduler
  Name: 'probe',
  ScheduleArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/probe',
});

/** An event of a stream, which every client can read. */
export const probeEvent = (id: string): string => {
  const data = {
    id,
    stream: 'core',
    topic: 'a.b',
    data: null,
    source: null,
    event_id: '01a215be-1ebd-72a9-8da7-9c88c49b7842',
    published_at: '2026-01-01T00:00:00.000Z',
  };
  return `event: event\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
};
