import { delimiter } from 'node:path';
import Type from 'typebox';
import { setting, strict } from '../setting.ts';

export const ExtensionSettings = Type.Object(
  {
    paths: setting(Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 1000 }), {
      env: 'ORDINAUT_EXT_PATHS',
      default: [],
      separator: delimiter,
      expected: 'a list of paths, separated as in `PATH` (`:`, on Windows `;`)',
      description: 'Extensions besides the built-in ones: folders of one, folders of several, or module files.',
    }),
    packageGrants: setting(Type.Record(Type.String(), Type.Array(Type.String(), { uniqueItems: true })), {
      env: 'ORDINAUT_EXT_PACKAGE_GRANTS',
      default: {},
      expected: 'JSON such as `{"@scope/name": ["ROUTES", "TOOLS"]}`',
      description: 'What installed npm packages that are extensions are granted; those not named get nothing.',
    }),
    config: setting(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())), {
      env: 'ORDINAUT_EXT_CONFIG',
      default: {},
      secret: true,
      orFile: true,
      expected: 'JSON such as `{"weather": {"city": "Bonn"}}`, or the path of a file with it',
      description: 'Configuration of the extensions, by their id.',
    }),
    safeMode: setting(Type.Boolean(), {
      env: 'ORDINAUT_SAFE_MODE',
      default: false,
      description: 'Start without any extension but the built-in ones, and without plugins.',
    }),
    dev: setting(Type.Boolean(), {
      env: 'ORDINAUT_DEV',
      default: false,
      description: 'For authors of extensions: reload an extension when its files change.',
    }),
  },
  strict,
);
