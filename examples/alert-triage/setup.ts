import { readFile } from 'node:fs/promises';
import type { Handler, HandlerInput, OrdinautClient, Task, TaskInput } from '@ordinaut/sdk';
import { connect } from '../connect.ts';

const read = async (name: string) => JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8'));

/** The handler of the example, by its description; null where it is not set up. */
export async function findHandler(client: OrdinautClient): Promise<Handler | null> {
  const { description }: HandlerInput = await read('handler.json');
  for await (const handler of client.handlers.list()) if (handler.description === description) return handler;
  return null;
}

/** The task of the example, by its title; null where it is not set up. */
export async function findTask(client: OrdinautClient): Promise<Task | null> {
  const { title }: TaskInput = await read('task.json');
  for await (const task of client.tasks.list({ status: 'active' })) if (task.title === title) return task;
  return null;
}

/**
 * Stores the handler and the task of the example; a second time it brings them up to date, so that no alert is asked about twice.
 *
 * @param params where the steps of the task find the firewall and the server.
 */
export async function setUp(
  client: OrdinautClient,
  params: { readonly firewall: string; readonly ordinaut: string },
): Promise<{ handler: Handler; task: Task }> {
  const handlerInput: HandlerInput = await read('handler.json');
  const file: TaskInput = await read('task.json');
  const taskInput = { ...file, payload: { ...file.payload, params } };
  const [handler, task] = [await findHandler(client), await findTask(client)];
  return {
    handler: await (handler === null
      ? client.handlers.create(handlerInput)
      : client.handlers.update(handler.id, handlerInput)),
    task: await (task === null ? client.tasks.create(taskInput) : client.tasks.update(task.id, taskInput)),
  };
}

if (import.meta.main) {
  const ordinaut = process.env.ORDINAUT_URL ?? 'http://127.0.0.1:8080';
  const firewall = process.env.FIREWALL_URL ?? 'http://127.0.0.1:9090';
  const { handler, task } = await setUp(connect(), { firewall, ordinaut });
  console.log(`Webhook: ${ordinaut}/handlers/${handler.id}/events`);
  console.log(`Task:    ${task.id} (${task.title})`);
}
