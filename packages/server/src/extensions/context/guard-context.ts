import { type Capability, CapabilityError, type Context } from '@ordinaut/kit';

const partOf: Readonly<Record<string, readonly [Capability, ...Capability[]]>> = {
  routes: ['ROUTES'],
  tools: ['TOOLS'],
  events: ['EVENTS_PUB', 'EVENTS_SUB'],
  background: ['BACKGROUND_TASKS'],
};

/**
 * The context as the extension sees it: a part that is not granted is not there (`'tools' in ctx` is false), and using it says
 * which capability is missing instead of "undefined is not a function".
 */
export function guardContext(
  extensionId: string,
  granted: readonly Capability[],
  parts: Readonly<Record<string, unknown>>,
): Context {
  const target = Object.freeze(Object.assign(Object.create(null) as object, parts));
  return new Proxy(target, {
    get(context, name) {
      if (typeof name === 'string' && !(name in context) && Object.hasOwn(partOf, name))
        throw new CapabilityError(extensionId, partOf[name]![0], granted);
      return Reflect.get(context, name);
    },
    set(_context, name) {
      throw new TypeError(`ctx.${String(name)} cannot be changed.`);
    },
    // What it holds is what `parts` holds: the parts of the granted capabilities, each made by the host.
  }) as Context;
}

/** A function that stands where a capability is missing, inside a part that another capability has brought. */
export const refuse = (extensionId: string, required: Capability, granted: readonly Capability[]) => (): never => {
  throw new CapabilityError(extensionId, required, granted);
};
