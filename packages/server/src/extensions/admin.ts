import type { OperationResult } from '@ordinaut/contract';
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
  };
}
