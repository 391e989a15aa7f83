import type { OrdinautClient } from '@ordinaut/sdk';
import { isUuid } from '../kernel/ids.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** The id of an agent, by its id or its name. @throws CliError where there is no such agent. */
export async function findAgent(client: OrdinautClient, idOrName: string): Promise<string> {
  if (isUuid(idOrName)) return idOrName.toLowerCase();
  // The server looks for a part of the name, so that the one may be on any page.
  for await (const { id, name } of client.agents.list({ name: idOrName, limit: 200 })) {
    if (name.toLowerCase() === idOrName.toLowerCase()) return id;
  }
  throw new CliError(exitCodes.failed, `There is no agent ${idOrName}.`);
}
