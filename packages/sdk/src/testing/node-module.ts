/** The modules of Node that sockets need. */
interface Modules {
  'node:http': typeof import('node:http');
  'node:events': typeof import('node:events');
}

/**
 * A module of Node (Bun and Deno have them, too). Asked for and not imported: bundlers for browsers would look for what is imported, and
 * find nothing, also where it is never used.
 *
 * @throws Error where there is none, as in a browser.
 */
export function nodeModule<Name extends keyof Modules>(name: Name): Modules[Name] {
  const module = globalThis.process?.getBuiltinModule?.(name);
  if (module !== undefined) return module as Modules[Name];
  throw new Error(`Sockets need ${name}, which is not here; give the client the \`fetch\` of the test server instead.`);
}
