/** Names of column types that differ between the dialects. */
export interface ColumnTypes {
  readonly id: string;
}

/** One numbered step of the schema. Steps only go forward and never change once released. */
export interface MigrationStep {
  readonly name: string;
  statements(types: ColumnTypes): readonly string[];
  readonly postgresOnly?: readonly string[];
}

export const columnTypes = {
  sqlite: { id: 'TEXT' },
  postgres: { id: 'UUID' },
} as const satisfies Record<string, ColumnTypes>;
