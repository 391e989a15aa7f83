/** A handler; what it executes is known by its version. */
export interface HandlerRow {
  id: string;
  description: string | null;
  /** JSON list of steps; null where each request brings them. */
  pipeline: string | null;
  params: string;
  is_dynamic: 0 | 1;
  created_by: string | null;
  /** Who has written the pipeline; its steps act in their name. */
  author: string | null;
  /** What they might do, JSON list of scopes. Null: everything. */
  scopes: string | null;
  /** Rises with every change. */
  version: number;
  created_at: number;
  updated_at: number;
}

/** An event of a handler. */
export interface HandlerEventRow {
  /** UUIDv7 of when it was stored; the caller may bring another `event_id`. */
  id: string;
  event_id: string;
  handler_id: string;
  account_id: string;
  create_time: number;
  end_time: number;
  source: string | null;
  user_data: string | null;
  external_id: string | null;
  track_id: string | null;
  /** JSON list. */
  tags: string;
  data: string;
}
