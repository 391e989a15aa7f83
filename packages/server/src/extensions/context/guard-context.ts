import { type Capability, CapabilityError, type Context } from '@ordinaut/kit';

const capabilityOf: Readonly<Record<string, Capability>> = {
  routes: 'ROUTES',
  tools: 'TOOLS',
  events: 'EVENTS_SUB',
  background: 'BACKGROUND_TASKS',
};

export interface Guarded {
  readonly id: string;
  readonly grants: readonly Capability[];
  /** Hears of each use of a capability that is not granted. */
  refused(capability: Capability): void;
}

/**
 * The context as the extension sees it: a part that is not granted is not there (`'tools' in ctx` is false), and using it says
 * which capability is missing instead of "undefined is not a function".
 */
export function guardContext({ id, grants, refused }: Guarded, parts: Readonly<Record<string, unknown>>): Context {
  const target = Object.freeze(Object.assign(Object.create(null) as object, parts));
  return new Proxy(target, {
    get(context, name) {
      if (typeof name === 'string' && !(name in context) && Object.hasOwn(capabilityOf, name)) {
        refused(capabilityOf[name]!);
        throw new CapabilityError(id, capabilityOf[name]!, grants);
      }
      return Reflect.get(context, name);
    },
    set(_context, name) {
      throw new TypeError(`ctx.${String(name)} cannot be changed.`);
    },
    // What it holds is what `parts` holds: the parts of the granted capabilities, each made by the host.
  }) as Context;
}
