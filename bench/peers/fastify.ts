import { fastify } from 'fastify';

/** Bare Fastify with the handler of the extension, for the benchmark `route`; the port is its first argument. */
const app = fastify({ logger: false });
app.get('/ext/x/hello', async () => ({ message: 'hello' }));
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
