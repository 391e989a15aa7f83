import { isUuid } from '../kernel/ids.ts';
import type { ApiClient } from './api-client.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { isRecord } from './is-record.ts';

/** The path of an agent, by its id or its name. @throws CliError as the client, and where there is no such agent. */
export async function findAgent(client: ApiClient, idOrName: string): Promise<string> {
  if (isUuid(idOrName)) return `/agents/${idOrName.toLowerCase()}`;
  // The server looks for a part of the name, so that the one may be on any page.
  for (let cursor: string | undefined; ; ) {
    const page = await client.request('GET', '/agents', { query: { name: idOrName, limit: '200', cursor } });
    const { items, next_cursor: next } = isRecord(page) ? page : {};
    const found = (Array.isArray(items) ? items.filter(isRecord) : []).find(
      ({ name }) => typeof name === 'string' && name.toLowerCase() === idOrName.toLowerCase(),
    );
    if (typeof found?.id === 'string') return `/agents/${found.id}`;
    if (typeof next !== 'string') throw new CliError(exitCodes.failed, `There is no agent ${idOrName}.`);
    cursor = next;
  }
}
