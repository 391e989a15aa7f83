import {
  type BackgroundHandlerClass,
  type BackgroundMethod,
  type BackgroundRoute,
  backgroundMethods,
} from './base-background-handler.ts';
import { BasePlugin, pluginBrand } from './base-plugin.ts';

/** A route that a plugin has added. */
export interface PluginRoute {
  /** Below `/plugins/{name}`: begins with a slash; `:name` stands for one part. */
  readonly path: string;
  readonly methods: readonly BackgroundMethod[];
  readonly target: BackgroundHandlerClass | BackgroundRoute;
}

const isMethod = (name: string): name is BackgroundMethod => (backgroundMethods as readonly string[]).includes(name);

/** Works in the background, and may have routes below `/plugins/{name}`. */
export abstract class BaseBackgroundPlugin extends BasePlugin {
  static override readonly [pluginBrand] = 'background';
  readonly #routes: PluginRoute[] = [];
  #isOpen = true;

  /** Begins the work, after every `initialize()`; it has 10 s. Work that goes on is not awaited here; end it in `close()`. */
  start(): void | Promise<void> {}

  /**
   * Adds a route, in `initialize()`.
   *
   * @param path begins with a slash; `:name` stands for one part of the path.
   * @param target a class of routes, which answers the verbs that it has methods for, or a function with its methods.
   * @throws TypeError for a path or methods that cannot be; Error where it is too late, or the route is there already.
   */
  addRoute(path: string, target: BackgroundHandlerClass): void;
  addRoute(path: string, target: BackgroundRoute, options: { readonly methods: readonly BackgroundMethod[] }): void;
  addRoute(
    path: string,
    target: BackgroundHandlerClass | BackgroundRoute,
    options?: { readonly methods: readonly BackgroundMethod[] },
  ): void {
    if (!this.#isOpen) throw new Error(`The route ${path} comes too late: add routes in initialize().`);
    if (!/^\/$|^(\/(:[A-Za-z_]\w*|[\w\-.~]+))+$/.test(path))
      throw new TypeError(`${JSON.stringify(path)} is no path of a route; it begins with / and may have :name parts.`);
    const methods = (options?.methods ?? methodsOf(target)).map((method) => method.toLowerCase());
    const unknown = methods.find((method) => !isMethod(method));
    if (unknown !== undefined)
      throw new TypeError(
        `${JSON.stringify(unknown)} is no method of a route; there are ${backgroundMethods.join(', ')}.`,
      );
    if (methods.length === 0)
      throw new TypeError(
        `The route ${path} answers nothing: give its class a method get, or the function its methods.`,
      );
    const known = methods.filter(isMethod);
    const twice = this.#routes.find((route) => route.path === path && route.methods.some((one) => known.includes(one)));
    if (twice !== undefined) throw new Error(`There is a route ${path} already.`);
    this.#routes.push({ path, methods: known, target });
  }

  /** Closes the list of routes and gives it; the server calls it. */
  takeRoutes(): readonly PluginRoute[] {
    this.#isOpen = false;
    return this.#routes;
  }
}

/** The verbs a class of routes has methods for, its base classes included. */
function methodsOf(target: BackgroundHandlerClass | BackgroundRoute): readonly BackgroundMethod[] {
  // An arrow function has no prototype.
  const prototype: object | undefined = target.prototype;
  return backgroundMethods.filter((method) => prototype !== undefined && method in prototype);
}
