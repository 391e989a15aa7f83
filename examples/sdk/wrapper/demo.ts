import { Soc } from './soc.ts';

/** A day in short, at the server of `ORDINAUT_URL`. */
const { ORDINAUT_URL: baseUrl = 'http://127.0.0.1:8080', ORDINAUT_TOKEN: token } = process.env;
const soc = new Soc({ baseUrl, ...(token === undefined ? {} : { token }) });

const finding = { what: 'Backdoor in the shop', where: 'edr', urgency: 'now', addresses: ['203.0.113.7'] } as const;
const { isNew, incident } = await soc.report(finding);
console.log(`${isNew ? 'New' : 'Known'}: ${incident.what}`);
const again = await soc.report(finding);
console.log(`${again.isNew ? 'New' : 'Known'}: ${again.incident.what}`);
console.log(`Most urgent: ${(await soc.waiting())[0]?.what}`);
const taken = await soc.take(incident.id, 'ada');
console.log(`${taken.owner} has it: ${taken.state}`);
console.log(`It is ${(await soc.close(incident.id, 'fixed')).state}.`);
console.log(soc.metrics());
soc.end();
