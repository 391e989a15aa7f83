import { type HttpErrorCode, httpErrors } from '@ordinaut/contract';
import {
  type BackgroundHandlerClass,
  type BackgroundRequest,
  type BackgroundResponse,
  type BackgroundRoute,
  kindOfError,
  type PluginApp,
  type PluginRoute,
  type RequestError,
} from '@ordinaut/kit';
import { ApiError } from '../kernel/errors.ts';
import { TookTooLong } from '../kernel/within.ts';

type Target = PluginRoute['target'];

/** Calls a route of a plugin: the method of its class, or its function. */
export const callRoute = (
  target: Target,
  request: BackgroundRequest,
  app: PluginApp,
): BackgroundResponse | Promise<BackgroundResponse> =>
  isClass(target) ? callMethod(new target(app, request), request.method) : target(request);

/** What a client is told of anything that a route has thrown. */
export function routeFailure(error: unknown, plugin: string): ApiError {
  if (kindOfError(error) === 'request') {
    const { code, message, details } = error as RequestError;
    if (Object.hasOwn(httpErrors, code)) return new ApiError(code, message, { details: { ...details }, cause: error });
  }
  const late = error instanceof TookTooLong;
  const code: HttpErrorCode = late ? 'timeout' : 'internal_error';
  const error_type = error instanceof Error ? error.constructor.name : typeof error;
  return new ApiError(code, late ? 'The plugin took too long.' : 'The plugin failed.', {
    details: { plugin, error_type },
    cause: error,
  });
}

/** Also of a class that is written for another copy of the kit. */
const isClass = (target: Target): target is BackgroundHandlerClass =>
  /^class\b/.test(Function.prototype.toString.call(target));

function callMethod(handler: object, method: string): BackgroundResponse | Promise<BackgroundResponse> {
  const verb: unknown = Reflect.get(handler, method.toLowerCase());
  return (verb as BackgroundRoute).call(handler, undefined as never);
}
