/** The server inside another program: what `@ordinaut/kit/testing` builds on. */
export { loadConfig } from './config/load-config.ts';
export type { Config } from './config/settings.ts';
export { type RunningServer, type ServerParts, serve } from './server.ts';
