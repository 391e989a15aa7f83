import type { Logger, RequestCaller } from '../context.ts';
import type { PluginApp } from './plugin-app.ts';

/** A request to a route of a plugin. */
export interface BackgroundRequest {
  readonly method: string;
  /** Path below `/plugins/{name}`. */
  readonly path: string;
  /** Values of the parameters of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** A name that came several times has a list. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Parsed where it is JSON, a text for `text/*`, otherwise the bytes; undefined without one. */
  // biome-ignore lint/suspicious/noExplicitAny: what the other side sends
  readonly body: any;
  readonly id: string;
  readonly caller: RequestCaller;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
}

/** The answer of a route. */
export interface BackgroundResponse {
  /** A text or bytes as they are, undefined for nothing, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 200, without a body 204. */
  readonly statusCode?: number;
}

/** A route as a function. */
export type BackgroundRoute = (request: BackgroundRequest) => BackgroundResponse | Promise<BackgroundResponse>;

/** Methods a route may answer. */
export const backgroundMethods = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type BackgroundMethod = (typeof backgroundMethods)[number];

/**
 * A route as a class: a method for each verb it answers. One instance is made for each request.
 *
 * @example
 * ```ts
 * class Version extends BaseBackgroundHandler {
 *   get() {
 *     return this.response({ body: { version: '1.0' } });
 *   }
 * }
 * ```
 */
export abstract class BaseBackgroundHandler {
  protected readonly app: PluginApp;
  protected readonly request: BackgroundRequest;

  constructor(app: PluginApp, request: BackgroundRequest) {
    this.app = app;
    this.request = request;
  }

  protected get logger(): Logger {
    return this.app.logger;
  }

  /** Makes an answer. */
  protected response(response: BackgroundResponse = {}): BackgroundResponse {
    return response;
  }
}

/** A class of routes; it has a method of its own for each verb it answers. */
export type BackgroundHandlerClass = new (app: PluginApp, request: BackgroundRequest) => BaseBackgroundHandler;
