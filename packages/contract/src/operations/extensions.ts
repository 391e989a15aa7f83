import Type from 'typebox';
import { OperationResult } from '../common.ts';
import {
  ExtensionConfig,
  ExtensionConfigInput,
  ExtensionHealth,
  ExtensionsStatus,
  ExtensionsStatusQuery,
} from '../extensions.ts';
import { type Operation, ok } from './operation.ts';

const ExtensionParams = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9_~-]{1,80}$', description: 'Id of the extension' }) },
  { additionalProperties: false },
);

const onExtension = (verb: string, summary: string) =>
  ({
    method: 'POST',
    path: `/ext/{id}/${verb}`,
    tag: 'extensions',
    summary,
    access: 'ext:manage',
    repeat: 'idempotent',
    params: ExtensionParams,
    success: ok(OperationResult, 'Done: `details {extension_id, state}`'),
    errors: ['not_found', 'conflict'],
  }) as const;

export const extensionOperations = {
  'extensions.status': {
    method: 'GET',
    path: '/ext/status',
    tag: 'extensions',
    summary: 'Show every extension: state, capabilities, figures',
    access: 'authenticated',
    repeat: 'safe',
    query: ExtensionsStatusQuery,
    success: ok(ExtensionsStatus, 'The extensions by id'),
    errors: ['bad_request'],
  },
  'extensions.health': {
    method: 'GET',
    path: '/ext/{id}/health',
    tag: 'extensions',
    summary: 'Show the health of an extension; one that is not loaded is not loaded by this',
    access: 'authenticated',
    repeat: 'safe',
    params: ExtensionParams,
    success: ok(ExtensionHealth, 'Always 200; `status` tells'),
    errors: ['not_found'],
  },
  'extensions.reload': onExtension(
    'reload',
    'Take manifest and code as they are on the disk now; nothing that runs is lost',
  ),
  'extensions.enable': onExtension('enable', 'Let an extension run; holds across restarts'),
  'extensions.disable': onExtension('disable', 'Stop an extension; holds across restarts'),
  'extensions.reset': onExtension('reset', 'Let a quarantined extension run again'),
  'extensions.config': {
    method: 'GET',
    path: '/ext/{id}/config',
    tag: 'extensions',
    summary: 'Show the configuration of an extension, without the values of its secrets',
    access: 'ext:manage',
    repeat: 'safe',
    params: ExtensionParams,
    success: ok(ExtensionConfig, 'The configuration'),
    errors: ['not_found'],
  },
  'extensions.configure': {
    method: 'PUT',
    path: '/ext/{id}/config',
    tag: 'extensions',
    summary: 'Store the configuration of an extension, encrypted, and reload it with it',
    access: 'ext:manage',
    repeat: 'idempotent',
    params: ExtensionParams,
    body: ExtensionConfigInput,
    success: ok(OperationResult, 'Stored: `details {extension_id, state}`'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'extensions.unconfigure': {
    method: 'DELETE',
    path: '/ext/{id}/config',
    tag: 'extensions',
    summary: 'Forget the stored configuration of an extension; that of ORDINAUT_EXT_CONFIG counts again',
    access: 'ext:manage',
    repeat: 'idempotent',
    params: ExtensionParams,
    success: ok(OperationResult, 'Forgotten: `details {extension_id, state}`'),
    errors: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Operation>;
