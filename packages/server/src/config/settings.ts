import type { Static, TSchema } from 'typebox';
import { EngineSettings } from './sections/engine.ts';
import { ExtensionSettings } from './sections/extensions.ts';
import { HttpSettings } from './sections/http.ts';
import { LogSettings } from './sections/log.ts';
import { PluginSettings } from './sections/plugins.ts';
import { SecuritySettings } from './sections/security.ts';
import { StorageSettings } from './sections/storage.ts';
import type { SettingOptions } from './setting.ts';

export type { Role } from './sections/engine.ts';
export type { AuthMode } from './sections/security.ts';

/** The sections, in the order in which they are documented. */
export const sections = {
  http: HttpSettings,
  security: SecuritySettings,
  storage: StorageSettings,
  engine: EngineSettings,
  extensions: ExtensionSettings,
  plugins: PluginSettings,
  log: LogSettings,
} as const;

/** The settings of one process, complete and frozen. */
export interface Config {
  readonly http: Readonly<Static<typeof HttpSettings>>;
  readonly security: Readonly<Static<typeof SecuritySettings>>;
  readonly storage: Readonly<Static<typeof StorageSettings>>;
  readonly engine: Readonly<Static<typeof EngineSettings>>;
  readonly extensions: Readonly<Static<typeof ExtensionSettings>>;
  readonly plugins: Readonly<Static<typeof PluginSettings>>;
  readonly log: Readonly<Static<typeof LogSettings>>;
}

/** One setting, as the loader, the flags and the docs see it. */
export interface Setting extends SettingOptions {
  readonly section: keyof typeof sections;
  readonly field: string;
  /** Flag of `serve`, without the dashes. */
  readonly flag: string;
  readonly schema: TSchema;
}

/** All settings, in the order in which they are documented. */
export const settings: readonly Setting[] = Object.entries(sections).flatMap(([section, object]) =>
  Object.entries(object.properties).map(([field, schema]) => {
    const {
      env,
      description,
      default: preset,
      expected,
      secret,
      separator,
      orFile,
    } = schema as TSchema & SettingOptions;
    return {
      section: section as keyof typeof sections,
      field,
      schema,
      env,
      description,
      default: preset,
      ...(expected === undefined ? {} : { expected }),
      ...(secret === undefined ? {} : { secret }),
      ...(separator === undefined ? {} : { separator }),
      ...(orFile === undefined ? {} : { orFile }),
      flag: env
        .replace(/^ORDINAUT_/, '')
        .toLowerCase()
        .replaceAll('_', '-'),
    };
  }),
);

/** Settings of the command line as a client; the server leaves them alone. */
export const clientSettings = [
  {
    env: 'ORDINAUT_URL',
    default: 'http://127.0.0.1:8080',
    description: 'Server that the other commands talk to; the flag `--url` goes before it.',
  },
  {
    env: 'ORDINAUT_TOKEN',
    default: '',
    description: 'API key or access token that they show; without it the one that `ordinaut login` has kept.',
  },
] as const;
