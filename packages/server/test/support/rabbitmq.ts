import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { freePort } from './postgres.ts';

/** URL of the RabbitMQ server the tests use: what answers at AMQP_URL or 127.0.0.1:5672; null: none does. */
export async function findRabbitmq(): Promise<string | null> {
  const urls = [...(process.env.AMQP_URL ? [process.env.AMQP_URL] : []), 'amqp://guest:guest@127.0.0.1:5672'];
  for (const url of urls) if (await answers(url)) return url;
  return null;
}

async function answers(url: string): Promise<boolean> {
  try {
    const model = await connect(url, { timeout: 2000 });
    model.on('error', () => {
      // It did answer.
    });
    await model.close();
    return true;
  } catch {
    return false;
  }
}

/** What a test does on a broker, each of its acts confirmed. */
export interface Broker {
  readonly channel: ConfirmChannel;
  /** Puts a message into a queue; it is on the disk of the broker when the promise resolves. */
  send(queue: string, body: string | Buffer, options?: Options.Publish): Promise<void>;
  /** Messages of a queue that nobody has been given. */
  ready(queue: string): Promise<number>;
  close(): Promise<void>;
}

export async function openBroker(url: string): Promise<Broker> {
  const model: ChannelModel = await connect(url);
  model.on('error', () => {
    // What is under way fails with it.
  });
  const channel = await model.createConfirmChannel();
  channel.on('error', () => {
    // As above.
  });
  return {
    channel,
    send(queue, body, options = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAnswer = (error: unknown) => (error === null ? resolve() : reject(error));
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true, ...options }, onAnswer);
      return promise;
    },
    ready: async (queue) => (await channel.checkQueue(queue)).messageCount,
    close: () =>
      model.close().catch(() => {
        // The broker may be away already.
      }),
  };
}

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export interface PrivateRabbitmq {
  readonly url: string;
  /** Ends the broker at once. */
  halt(): Promise<void>;
  /** Starts it again on the same port, with what it had stored. */
  resume(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** A broker of one test, which it may break; null where the program is not installed. */
export async function privateRabbitmq(): Promise<PrivateRabbitmq | null> {
  if (!existsSync(program)) return null;
  const directory = mkdtempSync(join(tmpdir(), 'ordinaut-rabbitmq-'));
  const [port, distributionPort] = [await freePort(), await freePort()];
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const name = `ordinaut_test_${port}@localhost`;
  const home = join(directory, 'home');
  mkdirSync(home);
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    RABBITMQ_NODENAME: name,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_LOGS: '-',
    // Nothing of the settings of this machine.
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
  };
  const pidFile = join(directory, 'data', `${name}.pid`);
  let script: ChildProcess;
  let isRunning = false;
  const resume = async () => {
    rmSync(pidFile, { force: true });
    script = spawn(program, { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
    const started = Promise.withResolvers<void>();
    script.once('exit', () => started.reject(new Error('The private RabbitMQ did not start.')));
    createInterface(script.stdout!).on('line', (line) => {
      if (line.includes('Server startup complete')) started.resolve();
    });
    await started.promise;
    isRunning = true;
  };
  const halt = async () => {
    // The script waits for the broker, which is another process.
    const ended = once(script, 'exit');
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    await ended;
    isRunning = false;
  };
  await resume();
  return {
    url,
    halt,
    resume,
    async stop() {
      if (isRunning) await halt();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
