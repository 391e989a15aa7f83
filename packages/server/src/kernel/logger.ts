import { type Logger, pino } from 'pino';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A logger of JSON lines on standard output; `component` names the part that speaks. */
export const createLogger = (level: LogLevel): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });

/** An error with its causes. One that is frozen, or throws when it is looked at, is told by its stack alone. */
function describeError(error: Error): object {
  try {
    return pino.stdSerializers.errWithCause(error);
  } catch {
    return { type: 'Error', stack: String(error.stack) };
  }
}
