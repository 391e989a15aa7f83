/**
 * SQL that writes the event of a run, as `runEvent` does; ids need no escape.
 *
 * @param row name of what has the columns `id`, `task_id` and `chain`.
 * @param more SQL appended for further members.
 */
export const runEventSql = (row: string, more = ''): string =>
  `'{"run_id":"' || ${row}.id || '","task_id":"' || ${row}.task_id || '"'${more}
    || CASE WHEN ${row}.chain > 0 THEN ',"chain":' || ${row}.chain ELSE '' END || '}'`;

/** SQL that notes a block of core events: `$1` its id, `$2` its topic, `$3` the list of events, `$4` how many, `$5` the instant. */
export const NOTE = `INSERT INTO event_blocks (id, n, stream, topic, source, events, published_at)
  VALUES ($1, $4, 'core', $2, 'core', $3, $5)`;
