import type { ExtensionConfig, OperationResult } from '@ordinaut/contract';
import type { AdminResult, ExtensionHost } from './host.ts';

/** The admin actions on extensions, with the answers that the API gives. */
export function extensionAdmin(host: ExtensionHost) {
  const answer = async (id: string, action: Promise<AdminResult>): Promise<OperationResult> => {
    const { message, state } = await action;
    return { success: true, message, details: { extension_id: id, state } };
  };
  return {
    reload: (id: string) => answer(id, host.reload(id)),
    enable: (id: string) => answer(id, host.enable(id)),
    disable: (id: string) => answer(id, host.disable(id)),
    reset: (id: string) => answer(id, host.reset(id)),
    config: async (id: string): Promise<ExtensionConfig> => host.configs.show(id, host.find(id).manifest),
    configure: async (id: string, input: unknown) => answer(id, host.reload(id, host.configs.change(id, input))),
    unconfigure: (id: string) => answer(id, forget(host, id)),
  };
}

async function forget(host: ExtensionHost, id: string): Promise<AdminResult> {
  if (!(await host.configs.isStored(id)))
    return { message: `No configuration of ${id} is stored.`, state: host.find(id).state };
  if (host.get(id) !== null) return host.reload(id, host.configs.forget(id));
  // Its folder is gone; what was stored for it need not stay.
  await host.configs.drop(id);
  return { message: `The stored configuration of ${id} is forgotten.`, state: 'removed' };
}
