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

/** Calls a route of a plugin: the method of its class, or its function. @throws what it throws; TypeError for an answer that is none. */
export async function callRoute(
  target: PluginRoute['target'],
  request: BackgroundRequest,
  app: PluginApp,
): Promise<BackgroundResponse> {
  const answer = await (isClass(target) ? callMethod(new target(app, request), request.method) : target(request));
  if (typeof answer !== 'object' || answer === null)
    throw new TypeError(`The route ${request.path} gave ${String(answer)}; it must give this.response({ body, … }).`);
  return answer;
}

/** A `RequestError` of the kit as the API tells it; null for everything else. */
export function toRequestFailure(error: unknown): ApiError | null {
  if (kindOfError(error) !== 'request') return null;
  const { code, message, details } = error as RequestError;
  return new ApiError(code, message, { details: { ...details }, cause: error });
}

/** Also of a class that is written for another copy of the kit. */
const isClass = (target: PluginRoute['target']): target is BackgroundHandlerClass =>
  /^class\b/.test(Function.prototype.toString.call(target));

function callMethod(handler: object, method: string): BackgroundResponse | Promise<BackgroundResponse> {
  const verb: unknown = Reflect.get(handler, method.toLowerCase());
  return (verb as BackgroundRoute).call(handler, undefined as never);
}
