import { BaseRequestMonitoringPlugin } from '@ordinaut/kit';

/** Hangs in every call, until the server gives it up. */
export class Stuck extends BaseRequestMonitoringPlugin {
  flushPointToMonitoring(): Promise<void> {
    return new Promise(() => {});
  }
}
