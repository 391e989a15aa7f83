import Type, { type Static } from 'typebox';
import { Nullable } from './common.ts';

export const pluginKinds = ['sending', 'monitoring', 'event', 'background', 'mixed'] as const;
export const pluginStatuses = ['starting', 'running', 'failed', 'stopped'] as const;

export const PluginInfo = Type.Object({
  name: Type.String({ description: 'Its file without the extension' }),
  kind: {
    ...Nullable(Type.Enum(pluginKinds)),
    description:
      '`mixed`: it has classes of several kinds. null: its classes are not known, because it could not be loaded',
  },
  status: Type.Enum(pluginStatuses),
  classes: Type.Array(Type.String()),
  event: {
    ...Nullable(Type.String()),
    description: 'The event it is called for; null where there is none, or several',
  },
  error: Type.Optional(Type.String({ description: 'Why it is failed' })),
  routes: Type.Array(Type.String({ description: 'Methods and path: `GET /plugins/name/path`' })),
  metrics: Type.Object({
    handled_total: Type.Integer({ description: 'Events' }),
    failed_total: Type.Integer(),
    retried_total: Type.Integer(),
    dropped_total: Type.Integer({ description: 'Events for which the queue had no room' }),
    requests_total: Type.Integer({ description: 'Requests to its routes' }),
    requests_failed_total: Type.Integer({ description: 'Those where a route has thrown, or taken too long' }),
    crashes_total: Type.Integer({ description: 'Errors that nothing caught' }),
    queued: Type.Integer({ description: 'Events that wait, or are being handled' }),
  }),
});
export type PluginInfo = Static<typeof PluginInfo>;

export const PluginList = Type.Object({ plugins: Type.Array(PluginInfo) });
export type PluginList = Static<typeof PluginList>;
