import { Health, Liveness, SystemMode } from '../system.ts';
import { type Operation, ok } from './operation.ts';

export const systemOperations = {
  'system.health': {
    method: 'GET',
    path: '/health',
    tag: 'system',
    summary: 'Show the health of every part',
    access: 'public',
    repeat: 'safe',
    success: ok(Health, 'Always 200; `status` tells'),
    errors: [],
  },
  'system.ready': {
    method: 'GET',
    path: '/health/ready',
    tag: 'system',
    summary: 'Whether requests can be served',
    access: 'public',
    repeat: 'safe',
    success: ok(Health, 'Ready'),
    errors: ['unavailable'],
  },
  'system.live': {
    method: 'GET',
    path: '/health/live',
    tag: 'system',
    summary: 'Whether the process is alive',
    access: 'public',
    repeat: 'safe',
    success: ok(Liveness, 'Alive'),
    errors: [],
  },
  'system.mode': {
    method: 'GET',
    path: '/system/mode',
    tag: 'system',
    summary: 'Show how this process runs',
    access: 'authenticated',
    repeat: 'safe',
    success: ok(SystemMode, 'Version, store, roles'),
    errors: [],
  },
} as const satisfies Record<string, Operation>;
