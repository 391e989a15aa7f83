import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';

/** Where extensions come from, in the order in which they are looked for. */
export const extensionSources = ['builtin', 'env_dir', 'env_file', 'package'] as const;
export type ExtensionSource = (typeof extensionSources)[number];

/** One extension, or a place where there should be one. */
export interface FoundExtension {
  /**
   * Unique in a discovery. Of an entry with a problem: the id of its manifest or the name of its folder, and where an earlier
   * entry has it already, with `~2` and so on, which no manifest can have.
   */
  readonly id: string;
  readonly source: ExtensionSource;
  /** Folder of the manifest, absolute, with its links as they are written. */
  readonly directory: string;
  readonly manifestFile: string;
  /** null: see `problem`. */
  readonly manifest: ResolvedManifest | null;
  /** What stops it, one line for each reason; null: nothing. */
  readonly problem: string | null;
}
