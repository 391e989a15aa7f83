import { Alert, AlertListQuery } from '../alerts.ts';
import { Page } from '../common.ts';
import { type Operation, ok } from './operation.ts';

export const alertOperations = {
  'alerts.list': {
    method: 'GET',
    path: '/alerts',
    tag: 'alerts',
    summary: 'List alerts, newest first',
    access: 'alerts:read',
    repeat: 'safe',
    query: AlertListQuery,
    success: ok(Page(Alert), 'A page of alerts'),
    errors: ['bad_request'],
  },
} as const satisfies Record<string, Operation>;
