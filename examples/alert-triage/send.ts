import { readFile } from 'node:fs/promises';
import { connect } from '../connect.ts';
import { findHandler } from './setup.ts';

/** Sends a record of Suricata to the webhook, as a forwarder of its `eve.json` does. Argument: the file; default: `alert.eve.json`. */
const file = process.argv[2] ?? new URL('alert.eve.json', import.meta.url);
const record: unknown = JSON.parse(await readFile(file, 'utf8'));
const client = connect();
const handler = await findHandler(client);
if (handler === null) throw new Error('There is no such handler yet; run setup.ts first.');
const { events } = await client.handlers.generate(handler.id, record, { source: 'suricata' });
if (events.length === 0) console.log('It is no alert, and no event came of it.');
for (const { event_id, data } of events) console.log(`Event ${event_id}: ${JSON.stringify(data)}`);
