import Type from 'typebox';
import { setting, strict } from '../setting.ts';

export const PluginSettings = Type.Object(
  {
    dir: setting(Type.String({ minLength: 1, maxLength: 4096 }), {
      env: 'ORDINAUT_PLUGINS_DIR',
      default: 'plugins',
      description: 'Folder of the plugins: a file of each, or a folder with an `index.ts`.',
    }),
    active: setting(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 200 }), {
      env: 'ORDINAUT_ACTIVE_PLUGINS',
      default: [],
      expected: 'a list of names, separated by commas or as JSON such as `["event_sending_plugin_example"]`',
      description: 'Plugins to start, by the names of their files without extension; in this order.',
    }),
    mustLoad: setting(Type.Boolean(), {
      env: 'ORDINAUT_PLUGINS_MUST_LOAD',
      default: false,
      description: 'Do not start the server without each of its active plugins.',
    }),
    config: setting(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())), {
      env: 'ORDINAUT_PLUGIN_CONFIG',
      default: {},
      secret: true,
      orFile: true,
      expected: 'JSON such as `{"redis_source_plugin": {"stream": "orders"}}`, or the path of a file with it',
      description: 'Configuration of the plugins, by their names.',
    }),
  },
  strict,
);
