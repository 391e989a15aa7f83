import { type ExtensionConfig, ExtensionConfigInput } from '@ordinaut/contract';
import { ApiError, badRequest, conflict, messageOf, unavailable } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { HIDDEN, hideSecrets, restoreSecrets, type Values } from './context/config-secrets.ts';
import { readConfigValues } from './context/config-values.ts';
import type { ResolvedManifest } from './manifest/resolved-manifest.ts';

/** A configuration that an extension may get. */
export interface NewConfig {
  /** What the operator gives, without defaults; undefined: nothing. */
  readonly given: unknown;
  /** From now on it counts, for every process. */
  keep(): Promise<void>;
}

/** What an operator wants of the configuration of an extension. */
export interface ConfigChange {
  /** Begin of the sentence that says that it was made. */
  readonly done: string;
  /** Begin of the one that says that it was not, because the extension cannot run with it. */
  readonly refused: string;
  /** @throws ApiError `bad_request` naming every field that does not fit the manifest. */
  prepare(manifest: ResolvedManifest): Promise<NewConfig>;
}

interface Given {
  readonly source: ExtensionConfig['source'];
  readonly config: unknown;
}

const checkInput = lazyCheck(ExtensionConfigInput);
const nameOf = (id: string): string => `ext:${id}:config`;

/**
 * What operators have configured, by extension: stored by the API and encrypted, or else by the environment. One of the two
 * counts, and not a mixture, so that what counts can be read in one place.
 */
export class ExtensionConfigs {
  /** By extension id. */
  readonly environment: Values;
  readonly #secrets: Pick<SecretStore, 'get' | 'has' | 'put' | 'remove'>;
  /** What is being stored at this moment. */
  readonly #keeping = new Map<string, Promise<void>>();

  constructor(deps: { environment: Values; secrets: Pick<SecretStore, 'get' | 'has' | 'put' | 'remove'> }) {
    this.environment = deps.environment;
    this.#secrets = deps.secrets;
  }

  /** What counts for an extension that is activated now, without defaults; undefined: nothing is configured. */
  async read({ id, config }: ResolvedManifest): Promise<unknown> {
    // Nothing can be stored for one that takes none, and so it runs without a look into the database.
    if (config === null) return this.#ofEnvironment(id).config;
    await this.#keeping.get(id);
    return (await this.#given(id)).config;
  }

  /** The same for people: without the values of secrets. @param manifest null: it cannot be used, and everything is hidden. */
  async show(id: string, manifest: ResolvedManifest | null): Promise<ExtensionConfig> {
    const schema = manifest?.config ?? null;
    const { source, config } = manifest !== null && schema === null ? this.#ofEnvironment(id) : await this.#given(id);
    return { extension_id: id, source, config: { ...hideSecrets(schema, (config ?? {}) as Values) }, schema };
  }

  isStored(id: string): Promise<boolean> {
    return this.#secrets.has(nameOf(id));
  }

  /** Of an extension that is not there any more. */
  async drop(id: string): Promise<void> {
    await this.#secrets.remove(nameOf(id));
  }

  /** @throws ApiError `bad_request` where the input is none; whether it fits is found when it is prepared. */
  change(id: string, input: unknown): ConfigChange {
    const issues = checkInput(input).map(({ field, issue }) =>
      // Its sentence shows the value, which may be the secret itself.
      field === 'config' && issue !== 'is required'
        ? { field, issue: 'must be an object with the fields that the manifest names' }
        : { field, issue },
    );
    if (issues.length > 0) throw badRequest(issues);
    const { config } = input as ExtensionConfigInput;
    return {
      done: `The configuration of ${id} is stored`,
      refused: `The configuration of ${id} was not stored, because the extension cannot run with it`,
      prepare: async (manifest) => {
        const values = await this.#checked(manifest, config);
        return {
          given: values,
          keep: () => this.#keep(id, () => this.#secrets.put(nameOf(id), JSON.stringify(values))),
        };
      },
    };
  }

  /** What is stored goes, and the environment counts again. */
  forget(id: string): ConfigChange {
    return {
      done: `The stored configuration of ${id} is forgotten`,
      refused: `The stored configuration of ${id} was kept, because the extension cannot run without it ("ordinaut ext disable ${id}" first lets it go)`,
      prepare: async () => ({
        given: this.#ofEnvironment(id).config,
        keep: () => this.#keep(id, () => this.#secrets.remove(nameOf(id))),
      }),
    };
  }

  async #checked(manifest: ResolvedManifest, config: Values): Promise<Values> {
    const { id, config: schema } = manifest;
    if (schema === null)
      throw badRequest([{ field: 'config', issue: `cannot be set: the manifest of ${id} has no "config"` }]);
    const isWhole = !JSON.stringify(config).includes(HIDDEN);
    const present = isWhole ? {} : (((await this.#given(id)).config ?? {}) as Values);
    const { values, issues } = restoreSecrets(schema, config, present);
    if (issues.length > 0) throw badRequest(issues.map(inConfig));
    const read = readConfigValues(manifest, values);
    if (read.ok) return values;
    throw read.issues.length > 0 ? badRequest(read.issues.map(inConfig)) : conflict(read.problem, { extension_id: id });
  }

  async #given(id: string): Promise<Given> {
    const stored = await reached(this.#secrets.get(nameOf(id)));
    return stored === null ? this.#ofEnvironment(id) : { source: 'stored', config: JSON.parse(stored) };
  }

  #ofEnvironment(id: string): Given {
    return Object.hasOwn(this.environment, id)
      ? { source: 'environment', config: this.environment[id] }
      : { source: 'none', config: undefined };
  }

  /** An activation that begins meanwhile waits for it, and takes what is kept. */
  #keep(id: string, write: () => Promise<void>): Promise<void> {
    const kept = reached(write());
    const settled = kept
      .catch(() => undefined)
      .then(() => {
        if (this.#keeping.get(id) === settled) this.#keeping.delete(id);
      });
    this.#keeping.set(id, settled);
    return kept;
  }
}

/** What goes wrong in the database says nothing about the extension. */
const reached = <Result>(work: Promise<Result>): Promise<Result> =>
  work.catch((error: unknown) => {
    if (error instanceof ApiError) throw error;
    throw unavailable(`The stored configuration cannot be reached: ${messageOf(error)}`, error);
  });

const inConfig = <Issue extends { readonly field: string }>(issue: Issue): Issue => ({
  ...issue,
  field: issue.field === '' ? 'config' : `config.${issue.field}`,
});
