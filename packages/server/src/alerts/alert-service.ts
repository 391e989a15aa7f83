import type { Alert, AlertListQuery, Page } from '@ordinaut/contract';
import type { Store } from '../storage/store.ts';
import { AlertRepository } from './alert-repository.ts';
import { toAlert } from './alert-resource.ts';

/** Alerts, and what can be done with them. */
export class AlertService {
  readonly #alerts: AlertRepository;

  constructor(deps: { store: Store }) {
    this.#alerts = new AlertRepository(deps.store);
  }

  async list(query: AlertListQuery): Promise<Page<Alert>> {
    const page = await this.#alerts.list(query);
    return { ...page, items: page.items.map(toAlert) };
  }
}
