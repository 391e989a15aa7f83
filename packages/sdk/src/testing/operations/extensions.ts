import type { ExtensionStatus, OperationResult } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import type { TestExtension } from '../state.ts';
import { conflict, TestError } from '../test-error.ts';
import { isoNow } from './find.ts';

const failed: readonly ExtensionStatus['state'][] = ['invalid', 'error', 'quarantined'];

export const newExtension = (id: string, fields: Partial<ExtensionStatus> = {}): TestExtension => ({
  id,
  status: {
    state: 'loaded',
    info: { id, name: id, version: '1.0.0', description: '' },
    capabilities: [],
    loaded_ms: 1,
    metrics: { requests_total: 0, errors_total: 0, latency_ms_sum: 0 },
    ...fields,
  },
  config: null,
});

function find({ state }: World, id: string): TestExtension {
  const extension = state.extensions.get(id);
  if (extension === undefined) throw new TestError('not_found', `There is no extension ${id}.`, { extension_id: id });
  return extension;
}

function turn(world: World, id: string, state: ExtensionStatus['state'], message: string): OperationResult {
  const extension = find(world, id);
  extension.status = { ...extension.status, state };
  return { success: true, message, details: { extension_id: id, state } };
}

function reload(world: World, id: string): OperationResult {
  const { state } = find(world, id).status;
  if (state === 'disabled' || state === 'quarantined')
    throw conflict(`The extension ${id} is ${state}; it cannot be reloaded.`, { extension_id: id, state });
  return turn(world, id, 'loaded', `The extension ${id} is reloaded.`);
}

export const extensionHandlers: Handlers<'extensions'> = {
  'extensions.status': ({ world }) => {
    const all = [...world.state.extensions.values()];
    return {
      extensions: Object.fromEntries(all.map(({ id, status }) => [id, status])),
      discovery_sources: ['test'],
      total_extensions: all.length,
      loaded_extensions: all.filter(({ status }) => status.state === 'loaded').length,
      failed_extensions: all.filter(({ status }) => failed.includes(status.state)).length,
    };
  },
  'extensions.health': ({ world, params }) => {
    const { status } = find(world, params.id);
    const isHealthy = !failed.includes(status.state);
    return {
      status: isHealthy ? 'healthy' : 'unhealthy',
      timestamp: isoNow(world),
      version: status.info.version,
      checks: { state: status.state },
    };
  },
  'extensions.reload': ({ world, params }) => reload(world, params.id),
  'extensions.enable': ({ world, params }) =>
    turn(world, params.id, 'discovered', `The extension ${params.id} is enabled.`),
  'extensions.disable': ({ world, params }) =>
    turn(world, params.id, 'disabled', `The extension ${params.id} is disabled.`),
  'extensions.reset': ({ world, params }) =>
    turn(world, params.id, 'discovered', `The extension ${params.id} may run again.`),
  'extensions.config': ({ world, params }) => {
    const { config } = find(world, params.id);
    return { extension_id: params.id, source: config === null ? 'none' : 'stored', config: config ?? {}, schema: null };
  },
  'extensions.configure': ({ world, params, body }) => {
    find(world, params.id).config = body.config;
    return reload(world, params.id);
  },
  'extensions.unconfigure': ({ world, params }) => {
    find(world, params.id).config = null;
    return reload(world, params.id);
  },
};
