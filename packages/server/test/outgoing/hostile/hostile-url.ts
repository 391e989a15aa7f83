/** A way to make the server connect to its own side, from the literature on SSRF. */
export interface HostileUrl {
  readonly kind: string;
  /** With `PORT` for the port of the traps, `HOP` for that of a server that may be reached, and `SOCKET` for the Unix socket. */
  readonly url: string;
  /** What the client says; default: `permission_denied`. */
  readonly code?: 'permission_denied' | 'input_invalid' | 'http_rejected';
  /** What the resolver answers, the first time, the second time and so on; the last answer stays. Default: no such name. */
  readonly answers?: readonly (readonly string[])[];
  /** The statuses of the redirects that lead to `url`; default: none, it is requested itself. */
  readonly via?: readonly number[];
  /** Where the redirects begin; default: `http://127.0.0.1:HOP/`. */
  readonly start?: string;
  /** Default: GET. */
  readonly method?: string;
}

/** Hosts of one kind at the port of the traps. */
export const at = (kind: string, hosts: readonly string[], more: Partial<HostileUrl> = {}): HostileUrl[] =>
  hosts.map((host) => ({ kind, url: `http://${host}:PORT/`, ...more }));

/** URLs of one kind. */
export const of = (kind: string, urls: readonly string[], more: Partial<HostileUrl> = {}): HostileUrl[] =>
  urls.map((url) => ({ kind, url, ...more }));
