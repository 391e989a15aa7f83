/** A body of any content type, as pipelines see it. */
export interface RequestBody {
  /** `json`: the value is what the JSON says. `text`, `base64`: it is a string. */
  readonly encoding: 'json' | 'text' | 'base64';
  readonly value: unknown;
  /** As it was sent; null where it was not said. */
  readonly contentType: string | null;
}
