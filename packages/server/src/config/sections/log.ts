import Type from 'typebox';
import { logLevels } from '../../kernel/logger.ts';
import { setting, strict } from '../setting.ts';

export const LogSettings = Type.Object(
  {
    level: setting(Type.Enum(logLevels), {
      env: 'ORDINAUT_LOG_LEVEL',
      default: 'info',
      description: 'Least level that is logged; the log is JSON lines on standard output.',
    }),
  },
  strict,
);
