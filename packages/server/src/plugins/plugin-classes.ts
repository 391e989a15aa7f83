import * as kit from '@ordinaut/kit';

/** A class of a plugin that can be made. */
export type PluginClass = new (app: kit.PluginApp) => kit.BasePlugin;

export interface FoundClass {
  readonly name: string;
  readonly kind: kit.PluginKind;
  readonly make: PluginClass;
}

/** What a class must have of its own, by its kind; without it, it is abstract. */
const required: Readonly<Record<kit.PluginKind, string | null>> = {
  sending: 'sendEvents',
  monitoring: 'flushPointToMonitoring',
  event: 'handleEvent',
  background: null,
};

/**
 * The plugin classes that a module exports, in the order of their names there. A class that is exported twice is one; one that lacks its
 * method, or that another extends, is abstract and left out.
 *
 * @throws Error where there is none.
 */
export function pluginClasses(exports: unknown, file: string): FoundClass[] {
  const values = typeof exports === 'object' && exports !== null ? Object.values(exports) : [exports];
  const known = new Set(values.filter(isPluginClass));
  for (const one of known) {
    for (let parent = Object.getPrototypeOf(one); parent !== null; parent = Object.getPrototypeOf(parent))
      known.delete(parent);
  }
  const found = [...known]
    .map((make) => ({ name: make.name || 'default', kind: kindOf(make), make }))
    .filter(({ kind, make }) => {
      const method = required[kind];
      return method === null || typeof make.prototype[method] === 'function';
    });
  if (found.length > 0) return found;
  throw new Error(
    known.size > 0
      ? `${file} has only abstract plugin classes: ${[...known].map(({ name }) => name).join(', ')} must have ${[...known].map((make) => `${required[kindOf(make)]}()`).join(', ')}.`
      : `${file} exports no plugin class. Write: export class Mine extends BaseEventSendingPlugin { … }, with the base class from @ordinaut/kit.`,
  );
}

function isPluginClass(value: unknown): value is PluginClass {
  return typeof value === 'function' && kindIn(value) !== null;
}

/** The brand is inherited, so the class knows its base whatever copy of the kit that is from. */
function kindIn(value: object): kit.PluginKind | null {
  const kind: unknown = Reflect.get(value, kit.pluginBrand);
  return typeof kind === 'string' && kind in required ? (kind as kit.PluginKind) : null;
}

const kindOf = (make: PluginClass): kit.PluginKind => kindIn(make)!;
