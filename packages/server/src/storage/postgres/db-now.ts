/** The clock of the database in epoch milliseconds: many processes share it, so leases and starts are told by it alone. */
export const DB_NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
