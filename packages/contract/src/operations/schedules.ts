import { Preview, PreviewInput } from '../schedules.ts';
import { type Operation, ok } from './operation.ts';

export const scheduleOperations = {
  'schedules.preview': {
    method: 'POST',
    path: '/schedules/preview',
    tag: 'schedules',
    summary: 'Show the next fire times of an expression',
    access: 'authenticated',
    repeat: 'safe',
    body: PreviewInput,
    success: ok(Preview, 'The fire times'),
    errors: ['bad_request'],
  },
} as const satisfies Record<string, Operation>;
