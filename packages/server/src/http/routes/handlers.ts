import type { HandlerCall } from '../../handlers/call-context.ts';
import type { RequestBody } from '../../handlers/request-body.ts';
import type { IdsOf, OperationHandlers, OperationRequest } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const handlerRoutes = ({ handlers, handlerCalls }: HttpServices): OperationHandlers<IdsOf<'handlers'>> => ({
  'handlers.create': ({ body, caller }) => handlers.create(body, caller),
  'handlers.list': ({ query }) => handlers.list(query),
  'handlers.get': ({ params }) => handlers.get(params.id),
  'handlers.replace': ({ params, body, caller }) => handlers.update(params.id, body, caller),
  'handlers.update': ({ params, body, caller }) => handlers.update(params.id, body, caller),
  'handlers.delete': ({ params }) => handlers.delete(params.id),
  'handlers.generate': async (request) => {
    const made = await handlerCalls.generate(
      callOf(request),
      request.query,
      (request.body ?? null) as RequestBody | null,
    );
    request.notePoint({ fields: { events: made.events.length, filtered: made.filtered } });
    return made;
  },
  'handlers.raw': async (request) => {
    const wait = request.query.wait_saving !== false;
    const { isStored, ...result } = await handlerCalls.raw(callOf(request), request.body, { wait });
    request.notePoint({ fields: { events: result.events.length } });
    return { status: isStored ? 201 : 202, result };
  },
  'handlers.events': ({ params, query }) => handlerCalls.events(params.id, query),
  'handlers.event': ({ params }) => handlerCalls.event(params.event_id),
});

function callOf(request: OperationRequest<'handlers.generate' | 'handlers.raw'>): HandlerCall {
  const { params, caller, headers, signal, lunaRequestId, notePoint, afterAnswer } = request;
  notePoint({ tags: { handler_id: params.id } });
  return { handlerId: params.id, requestId: lunaRequestId ?? '', by: caller, headers, signal, afterAnswer };
}
