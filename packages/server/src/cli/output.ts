import pc from 'picocolors';
import { CliError, exitCodes } from './exit-codes.ts';

/**
 * What a command writes: for a person on a terminal, as JSON everywhere else and with `--json`, so that a script reads the
 * same whether it asks for it or not.
 */
export interface Output {
  readonly json: boolean;
  readonly color: ReturnType<typeof pc.createColors>;
  /** The result: `value` as JSON, or what `render` makes of it. */
  result(value: unknown, render: () => string | Promise<string>): Promise<void>;
  /** One event of many: a line of JSON, or what `render` makes of it. */
  event(value: unknown, render: () => string): void;
}

export function createOutput(options: { json?: boolean }): Output {
  const json = options.json === true || !process.stdout.isTTY;
  // picocolors asks the environment: NO_COLOR and FORCE_COLOR.
  const color = pc.createColors(!json && pc.isColorSupported);
  return {
    json,
    color,
    async result(value, render) {
      write(json ? JSON.stringify(value, null, 2) : await render());
    },
    event(value, render) {
      write(json ? JSON.stringify(value) : render());
    },
  };
}

const write = (text: string) => void process.stdout.write(`${text}\n`);

/** Rows under heads, without lines between them. */
export async function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  color: Output['color'],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const built = new Table({ chars: none, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
  built.push(
    head.map((name) => color.bold(name)),
    ...rows.map((row) => [...row]),
  );
  return built.toString();
}

/** Names and values under each other. */
export function fields(values: object, color: Output['color']): string {
  const shown = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${color.dim(name.padEnd(width))}  ${text(value)}`).join('\n');
}

/** A value in a cell. */
export const text = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);

/** The color that a status has. */
export function paintStatus(status: unknown, color: Output['color']): string {
  const name = text(status);
  if (['succeeded', 'success', 'active', 'healthy', 'ok', 'loaded', 'resolved', 'approved'].includes(name))
    return color.green(name);
  if (
    ['failed', 'unhealthy', 'fail', 'error', 'invalid', 'quarantined', 'escalated', 'rejected', 'expired'].includes(
      name,
    )
  )
    return color.red(name);
  if (
    [
      'running',
      'waiting',
      'queued',
      'pending',
      'degraded',
      'paused',
      'refused',
      'warn',
      'activating',
      'draining',
      'new',
      'triaged',
      'investigating',
    ].includes(name)
  )
    return color.yellow(name);
  return color.dim(name);
}

/** The color that the severity of an alert has. */
export function paintSeverity(severity: unknown, color: Output['color']): string {
  const name = text(severity);
  if (name === 'critical') return color.bold(color.red(name));
  if (name === 'high') return color.red(name);
  return name === 'medium' ? color.yellow(name) : color.dim(name);
}

/** Writes what ended the command to standard error. @returns the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const known = error instanceof CliError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  if (json && known?.body !== undefined) process.stderr.write(`${JSON.stringify(known.body)}\n`);
  else process.stderr.write(`${pc.red('error:')} ${message}\n`);
  return known?.exitCode ?? exitCodes.failed;
}
