export { type OpenTelemetryOptions, openTelemetryObserver } from './telemetry/open-telemetry.ts';
