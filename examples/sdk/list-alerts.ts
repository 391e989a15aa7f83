import { OrdinautClient } from '@ordinaut/sdk';

const {
  ORDINAUT_URL: baseUrl = 'http://127.0.0.1:8080',
  ORDINAUT_USERNAME: username = '',
  ORDINAUT_PASSWORD: password = '',
} = process.env;

const client = new OrdinautClient({ baseUrl, username, password });
const alerts = await client.alerts.list({ limit: 50 });
for (const { severity, status, title } of alerts.items) console.log(`${severity} ${status}: ${title}`);
