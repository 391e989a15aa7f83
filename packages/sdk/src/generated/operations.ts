// Generated from packages/contract by packages/sdk/scripts/generate.ts. Do not edit.

/** Name of an operation, for example `tasks.create`. */
export type OperationId =
  | 'tasks.create'
  | 'tasks.list'
  | 'tasks.get'
  | 'tasks.replace'
  | 'tasks.update'
  | 'tasks.delete'
  | 'tasks.run_now'
  | 'tasks.snooze'
  | 'tasks.pause'
  | 'tasks.resume'
  | 'tasks.cancel'
  | 'tasks.latest_run'
  | 'tasks.stats'
  | 'schedules.preview'
  | 'runs.list'
  | 'runs.summary'
  | 'runs.get'
  | 'runs.cancel'
  | 'runs.retry'
  | 'runs.stream'
  | 'runs.latest_of_task'
  | 'runs.stats_of_task'
  | 'approvals.list'
  | 'approvals.get'
  | 'approvals.approve'
  | 'approvals.reject'
  | 'events.publish'
  | 'events.topics'
  | 'events.recent'
  | 'events.stream'
  | 'events.cleanup'
  | 'tools.list'
  | 'tools.get'
  | 'tools.call'
  | 'alerts.submit'
  | 'alerts.bulk'
  | 'alerts.list'
  | 'alerts.stream'
  | 'alerts.get'
  | 'alerts.update'
  | 'alerts.acknowledge'
  | 'handlers.create'
  | 'handlers.list'
  | 'handlers.get'
  | 'handlers.replace'
  | 'handlers.update'
  | 'handlers.delete'
  | 'handlers.generate'
  | 'handlers.raw'
  | 'handlers.events'
  | 'handlers.event'
  | 'extensions.status'
  | 'extensions.health'
  | 'extensions.reload'
  | 'extensions.enable'
  | 'extensions.disable'
  | 'extensions.reset'
  | 'extensions.config'
  | 'extensions.configure'
  | 'extensions.unconfigure'
  | 'plugins.list'
  | 'auth.token'
  | 'auth.refresh'
  | 'auth.revoke'
  | 'auth.logout'
  | 'auth.agent_token'
  | 'auth.agent_refresh'
  | 'auth.agent_revoke'
  | 'auth.session'
  | 'auth.begin_session'
  | 'auth.end_session'
  | 'auth.create_api_key'
  | 'auth.list_api_keys'
  | 'auth.revoke_api_key'
  | 'users.me'
  | 'users.change_password'
  | 'users.create'
  | 'users.list'
  | 'users.get'
  | 'users.update'
  | 'users.delete'
  | 'agents.create'
  | 'agents.list'
  | 'agents.get'
  | 'agents.update'
  | 'agents.delete'
  | 'agents.create_credentials'
  | 'audit.list'
  | 'system.health'
  | 'system.ready'
  | 'system.live'
  | 'system.mode';

/** A row for each operation: see `readOperations`. As text it takes a quarter less of a bundle than as objects. */
export const operationRows = `
tasks.create Pkb /tasks
tasks.list Gsql /tasks
tasks.get Gs /tasks/{id}
tasks.replace Uib /tasks/{id}
tasks.update Aib /tasks/{id}
tasks.delete Di /tasks/{id}
tasks.run_now Pkb /tasks/{id}/run_now
tasks.snooze Pkb /tasks/{id}/snooze
tasks.pause Pi /tasks/{id}/pause
tasks.resume Pi /tasks/{id}/resume
tasks.cancel Pi /tasks/{id}/cancel
tasks.latest_run Gs /tasks/{id}/runs/latest
tasks.stats Gsq /tasks/{id}/stats
schedules.preview Psb /schedules/preview
runs.list Gsql /runs
runs.summary Gsq /runs/stats/summary
runs.get Gs /runs/{id}
runs.cancel Pi /runs/{id}/cancel
runs.retry Pk /runs/{id}/retry
runs.stream Gst /runs/{id}/stream
runs.latest_of_task Gs /runs/task/{task_id}/latest
runs.stats_of_task Gsq /runs/task/{task_id}/stats
approvals.list Gsql /approvals
approvals.get Gs /approvals/{id}
approvals.approve Pib /approvals/{id}/approve
approvals.reject Pib /approvals/{id}/reject
events.publish Pkb /events
events.topics Gsl /events/topics
events.recent Gsql /events/stream/recent
events.stream Gsqt /events/stream
events.cleanup Diq /events/stream/cleanup
tools.list Gsl /tools
tools.get Gs /tools/{name}
tools.call Pkb /tools/{name}/call
alerts.submit Pkb /alerts
alerts.bulk Pkb /alerts/bulk
alerts.list Gsql /alerts
alerts.stream Gsqt /alerts/stream
alerts.get Gs /alerts/{id}
alerts.update Aib /alerts/{id}
alerts.acknowledge Pib /alerts/{id}/acknowledge
handlers.create Pkb /handlers
handlers.list Gsql /handlers
handlers.get Gs /handlers/{id}
handlers.replace Uib /handlers/{id}
handlers.update Aib /handlers/{id}
handlers.delete Di /handlers/{id}
handlers.generate Pkbaq /handlers/{id}/events
handlers.raw Pkbq /handlers/{id}/events/raw
handlers.events Gsql /handlers/{id}/events
handlers.event Gs /handlers/events/{event_id}
extensions.status Gsq /ext/status
extensions.health Gs /ext/{id}/health
extensions.reload Pi /ext/{id}/reload
extensions.enable Pi /ext/{id}/enable
extensions.disable Pi /ext/{id}/disable
extensions.reset Pi /ext/{id}/reset
extensions.config Gs /ext/{id}/config
extensions.configure Uib /ext/{id}/config
extensions.unconfigure Di /ext/{id}/config
plugins.list Gs /plugins
auth.token Pxob /auth/token
auth.refresh Pxob /auth/refresh
auth.revoke Piob /auth/revoke
auth.logout Pi /auth/logout
auth.agent_token Pxob /agents/auth/token
auth.agent_refresh Pxob /agents/auth/refresh
auth.agent_revoke Piob /agents/auth/revoke
auth.session Gs /auth/session
auth.begin_session Pxob /auth/session
auth.end_session Di /auth/session
auth.create_api_key Pxb /auth/api-keys apiKeys.create
auth.list_api_keys Gsql /auth/api-keys apiKeys.list
auth.revoke_api_key Di /auth/api-keys/{id} apiKeys.revoke
users.me Gs /users/me
users.change_password Pxb /users/me/password
users.create Pxb /users
users.list Gsql /users
users.get Gs /users/{username}
users.update Aib /users/{username}
users.delete Di /users/{username}
agents.create Pkb /agents
agents.list Gsql /agents
agents.get Gs /agents/{id}
agents.update Aib /agents/{id}
agents.delete Di /agents/{id}
agents.create_credentials Px /agents/{id}/credentials
audit.list Gsql /audit
system.health Gso /health
system.ready Gso /health/ready
system.live Gso /health/live
system.mode Gs /system/mode
`;
