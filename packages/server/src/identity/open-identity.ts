import { join } from 'node:path';
import type { Config } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { HourlySweep } from '../kernel/hourly-sweep.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { type KeyRing, openKeyRing } from '../secrets/key-ring.ts';
import type { Store } from '../storage/store.ts';
import { AccessTokens } from './access-tokens.ts';
import { AgentService } from './agent-service.ts';
import { ApiKeyRepository } from './api-key-repository.ts';
import { ApiKeyService } from './api-key-service.ts';
import { AuditLog } from './audit-log.ts';
import { AuthService } from './auth-service.ts';
import { Authenticator } from './authenticator.ts';
import { type FirstAdmin, makeFirstAdmin } from './first-admin.ts';
import { LoginGuard } from './login-guard.ts';
import { PasswordHasher } from './password-hash.ts';
import { PrincipalRepository } from './principal-repository.ts';
import { SessionRepository } from './session-repository.ts';
import { UserService } from './user-service.ts';

const DAY_MS = 86_400_000;
/** Days that ended sessions are kept, for questions after an incident. */
const ENDED_SESSIONS_DAYS = 30;

/** Everything about who may come in. */
export interface Identity extends Service {
  readonly authenticator: Authenticator;
  readonly auth: AuthService;
  readonly users: UserService;
  readonly agents: AgentService;
  readonly apiKeys: ApiKeyService;
  readonly audit: AuditLog;
  /** The user that this start has made; null where there was somebody already. */
  readonly firstAdmin: FirstAdmin | null;
}

/** The identity of the settings. Its start makes the first user; the signing key is made and read when it is first needed. */
export function openIdentity(
  { security, storage }: Pick<Config, 'security' | 'storage'>,
  { store, clock, logger: parent }: { store: Store; clock: Clock; logger: Logger },
): Identity {
  const logger = parent.child({ component: 'identity' });
  let ring: Promise<KeyRing> | undefined;
  const keys = (): Promise<KeyRing> => {
    ring ??= openKeyRing({
      given: security.jwtSecret,
      setting: 'ORDINAUT_JWT_SECRET',
      file: join(storage.dataDir, 'jwt.key'),
      bytes: 32,
      exact: false,
    });
    // A file that could not be read may be readable at the next try.
    ring.catch(() => {
      ring = undefined;
    });
    return ring;
  };
  const principals = new PrincipalRepository(store);
  const sessions = new SessionRepository(store);
  const apiKeys = new ApiKeyRepository(store);
  const hasher = new PasswordHasher();
  const guard = new LoginGuard(clock);
  const tokens = new AccessTokens({ keys, clock });
  const audit = new AuditLog({ store, clock, logger });
  const authenticator = new Authenticator({ store, tokens, sessions, apiKeys, clock, logger });
  const sweep = new HourlySweep({
    name: 'identity retention',
    logger,
    async sweep(stop) {
      await sessions.deleteEnded(clock.now() - ENDED_SESSIONS_DAYS * DAY_MS);
      await audit.deleteBefore(clock.now() - security.auditDays * DAY_MS, stop);
    },
  });
  let firstAdmin: FirstAdmin | null = null;
  return {
    name: 'identity',
    authenticator,
    auth: new AuthService({ principals, sessions, tokens, hasher, guard, clock }),
    users: new UserService({ principals, sessions, hasher, guard, clock }),
    agents: new AgentService({ principals, sessions, hasher, clock }),
    apiKeys: new ApiKeyService({ keys: apiKeys, principals, clock }),
    audit,
    get firstAdmin() {
      return firstAdmin;
    },
    async start() {
      // What is wrong with the key is said now and not at the first login.
      if (security.jwtSecret !== null) await keys();
      const admin = { password: security.adminPassword, file: join(storage.dataDir, 'admin-password') };
      firstAdmin = await makeFirstAdmin(admin, { principals, hasher, clock });
      await authenticator.start();
      await sweep.start();
    },
    async stop() {
      await sweep.stop();
      await authenticator.stop();
    },
  };
}
