/**
 * What authors of extensions import.
 *
 * @example
 * ```ts
 * import { defineExtension } from '@ordinaut/kit';
 *
 * export default defineExtension({
 *   grants: ['ROUTES'],
 *   setup(ctx) {
 *     ctx.routes.get('/hello', async () => ({ message: 'hello' }));
 *   },
 * });
 * ```
 */
export * from './capability.ts';
export * from './context.ts';
export * from './define-extension.ts';
export * from './errors.ts';
export * from './manifest.ts';
export * from './plugins/index.ts';
