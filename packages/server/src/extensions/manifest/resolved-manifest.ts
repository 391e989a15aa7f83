import type { ToolAnnotations } from '@ordinaut/contract';
import type { Capability } from '@ordinaut/kit';

/** A manifest that has passed every check, with every default filled in. */
export interface ResolvedManifest {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly apiVersion: 1;
  readonly description: string;
  /** Path of the module below the folder of the extension. */
  readonly module: string;
  /** false: listed, never started. */
  readonly enabled: boolean;
  /** Start with the server instead of at the first use. */
  readonly eager: boolean;
  /** What it gets: requested ∩ allowed by the operator. */
  readonly grants: readonly Capability[];
  /** What it asks for. */
  readonly requested: readonly Capability[];
  /** Why it asks, where it says so. */
  readonly reasons: Readonly<Partial<Record<Capability, string>>>;
  /** What it offers; parts whose capability is not granted are empty. */
  readonly contributes: {
    readonly tools: readonly ResolvedTool[];
    readonly events: { readonly publish: readonly string[]; readonly subscribe: readonly string[] };
    readonly static: readonly ResolvedStatic[];
  };
  /** JSON Schema of the configuration; null: it takes none. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly limits: { readonly concurrency: number; readonly requestTimeoutMs: number };
}

export interface ResolvedTool {
  /** Without `ext.<id>.`. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** null: any output. */
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
  readonly annotations: Readonly<ToolAnnotations>;
  readonly scopes: readonly string[];
  /** Milliseconds; null: what the caller says. */
  readonly timeoutMs: number | null;
}

export interface ResolvedStatic {
  /** Path below the folder of the extension. */
  readonly dir: string;
  /** Path below `/ext/<id>`, beginning with `/`. */
  readonly at: string;
}
