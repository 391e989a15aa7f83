import { Id, type OperationResult, Page, Run, RunListQuery, RunSummary } from '@ordinaut/contract';
import Type from 'typebox';
import { defineTool } from '../tools/define-tool.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { Tool } from '../tools/tool.ts';
import type { RunService } from './run-service.ts';

/** Registers what assistants and pipelines can do with runs. */
export function registerRunTools(registry: ToolRegistry, runs: RunService): void {
  for (const tool of runTools(runs)) registry.register(tool);
}

const JustRun = Type.Object(
  { run_id: { ...Id, description: 'Id of the run, as run_task_now and list_runs give it' } },
  { additionalProperties: false },
);
const reads = { readOnly: true, destructive: false, idempotent: true, openWorld: false };

const runTools = (runs: RunService): Tool[] => [
  defineTool({
    name: 'list_runs',
    description:
      'Lists runs, newest first, of one task or of all; status "failed" finds what went wrong. Follow next_cursor for more. get_run tells the steps of one.',
    input: RunListQuery,
    outputSchema: Page(RunSummary),
    annotations: reads,
    scopes: ['runs:read'],
    call: (query) => runs.list(query),
  }),
  defineTool({
    name: 'get_run',
    description:
      'Tells everything about a run: its status, and input, output and error of each step. It is over when success is true or false; while it is null, ask again later.',
    input: JustRun,
    outputSchema: Run,
    annotations: reads,
    scopes: ['runs:read'],
    call: ({ run_id }) => runs.get(run_id),
  }),
  defineTool({
    name: 'cancel_run',
    description: 'Ends a run: at once where it has not begun, otherwise by stopping the step under way.',
    input: JustRun,
    outputSchema: Type.Object({ message: Type.String(), run_id: Type.String(), status: RunSummary.properties.status }),
    annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: false },
    scopes: ['runs:cancel'],
    call: ({ run_id }) => runs.cancel(run_id).then(flat),
  }),
  defineTool({
    name: 'retry_run',
    description:
      'Starts a new run that goes on where a failed or canceled one ended; steps that had succeeded are not repeated.',
    input: JustRun,
    outputSchema: Type.Object({
      message: Type.String(),
      run_id: Type.String(),
      retry_of: Type.String(),
      kept_steps: Type.Integer(),
    }),
    // What the pipeline of the task reaches is not known here.
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
    scopes: ['tasks:run'],
    call: ({ run_id }) => runs.retry(run_id).then(flat),
  }),
];

/** A result without its envelope: a tool that fails throws. */
const flat = ({ message, details }: OperationResult) => ({ message, ...details });
