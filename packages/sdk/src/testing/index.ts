/** For tests of programs that use the client: a server in memory, and faults for it and for real ones. */
export {
  createTestServer,
  type Seed,
  type TestServer,
  type TestServerOptions,
  type TestUser,
} from './create-test-server.ts';
export type { FaultProxy } from './fault-proxy.ts';
export { type ArmedFault, type Fault, Faults } from './faults.ts';
export type { CutBy } from './live-streams.ts';
export { ManualClock } from './manual-clock.ts';
export type { TestRate } from './rate.ts';
export { type LoggedRequest, RequestLog } from './request-log.ts';
export type { Served } from './serve-exchange.ts';
export type { RunOutcome, TestState, TestTool } from './state.ts';

/**
 * Starts a proxy in front of a real server, in which things go wrong as a test says. Needs Node, Bun or Deno.
 *
 * @param options.upstream where the server is, for example `http://127.0.0.1:8080`.
 */
export async function startFaultProxy(options: { upstream: string }): Promise<import('./fault-proxy.ts').FaultProxy> {
  const proxy = await import('./fault-proxy.ts');
  return proxy.startFaultProxy(options);
}
