import type { Answer, CallOptions } from '../call.ts';
import type { Core } from '../core.ts';
import type { TableResources } from '../generated/resources.ts';
import { type OperationEntry, placeOf } from '../operation-entry.ts';
import { operations } from '../operations.ts';
import { followStream } from '../stream/follow-stream.ts';
import { streamOf } from '../stream/stream-of.ts';
import { requestOf } from '../transport/outgoing-request.ts';
import { callOf } from './call-of.ts';
import { listOf } from './list-of.ts';
import { makeCall } from './make-call.ts';

type Method = (...given: unknown[]) => unknown;

/** Every resource of the table with a method for each operation. */
export function bindResources(core: Core): TableResources {
  const resources: Record<string, Record<string, Method>> = {};
  for (const [id, entry] of Object.entries<OperationEntry>(operations)) {
    const [resource = '', method = ''] = placeOf(id, entry).split('.');
    resources[resource] ??= {};
    resources[resource][method] = methodOf(core, id, entry);
  }
  // The interfaces and the table come from the same contract; TypeScript cannot follow one into the other.
  return resources as unknown as TableResources;
}

function methodOf(core: Core, id: string, { path, body, query, stream, list }: OperationEntry): Method {
  const parts = (path.match(/\{/g) ?? []).length + (body ? 1 : 0) + (query ? 1 : 0);
  return (...given) => {
    const options = optionsOf(given[parts]);
    if (stream) return streamOf((left) => followStream(core, requestOf(id, given), { ...options, left }));
    if (!list) return callOf(makeCall(core, id, given, options));
    return listOf((cursor) => {
      const page = [...given];
      // Places and pages do not go together: the cursor says where to go on.
      if (cursor !== undefined)
        page[parts - 1] = { ...Object(given[parts - 1]), offset: undefined, skip: undefined, cursor };
      return makeCall(core, id, page, options) as Promise<Answer<{ items: unknown[] }>>;
    });
  };
}

const optionsOf = (given: unknown): CallOptions => Object(given ?? {});
