/**
 * What an extension may be granted.
 *
 * - `ROUTES`: HTTP routes and WebSockets below `/ext/{id}/`.
 * - `TOOLS`: registering the tools of the manifest, listing and calling any tool.
 * - `EVENTS_PUB`, `EVENTS_SUB`: publishing and reading events, within the patterns of the manifest.
 * - `BACKGROUND_TASKS`: supervised work that goes on between requests.
 * - `STATIC`: serving the folders of the manifest as static files.
 */
export const capabilities = ['ROUTES', 'TOOLS', 'EVENTS_PUB', 'EVENTS_SUB', 'BACKGROUND_TASKS', 'STATIC'] as const;

export type Capability = (typeof capabilities)[number];
