import type { BackgroundRequest, BaseBackgroundPlugin, PluginApp, PluginRoute } from '@ordinaut/kit';
import { type Culprit, runAs } from '../containment/attribution.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import { callRoute, routeFailure } from './call-route.ts';
import type { ClassRunner } from './class-runner.ts';
import { noCounts } from './counts.ts';
import { type RouteAnswer, routeAnswer } from './route-answer.ts';

/** Longest a route may take. */
const ROUTE_MS = 30_000;

/** The routes of one plugin, over all its classes. */
export class PluginRoutes {
  readonly counts = noCounts();
  readonly #routes: PluginRoute[] = [];
  readonly #taken = new Map<string, string>();

  get list(): readonly PluginRoute[] {
    return this.#routes;
  }

  /** Takes those of a class, when it has been initialized. @throws Error where two are the same. */
  take({ kind, instance }: ClassRunner): void {
    if (kind !== 'background') return;
    for (const route of (instance as BaseBackgroundPlugin).takeRoutes()) {
      for (const method of route.methods) {
        const key = `${method} ${route.path.replaceAll(/:\w+/g, ':').replace(/\/$/, '')}`;
        const other = this.#taken.get(key);
        if (other !== undefined)
          throw new Error(`The routes ${other} and ${route.path} are the same for ${method.toUpperCase()}.`);
        this.#taken.set(key, route.path);
      }
      this.#routes.push(route);
    }
  }

  /** @throws ApiError as the route asks for it; `timeout`, or `internal_error` with the class of what it has thrown. */
  async answer(
    { target, path }: PluginRoute,
    request: BackgroundRequest,
    by: { name: string; app: PluginApp; culprit: Culprit; logger: Logger; localize(error: unknown): unknown },
  ): Promise<RouteAnswer> {
    const call = () => callRoute(target, request, by.app);
    try {
      const given = await runAs(by.culprit, () => within(ROUTE_MS, call, `The route ${path} did not answer`));
      const answer = routeAnswer(given);
      this.counts.handled += 1;
      return answer;
    } catch (error) {
      const failure = routeFailure(error, by.name);
      if (failure.code === 'internal_error' || failure.code === 'timeout') {
        this.counts.failed += 1;
        by.logger.error({ err: by.localize(error), route: path }, 'a route of a plugin failed');
      }
      throw failure;
    }
  }
}
