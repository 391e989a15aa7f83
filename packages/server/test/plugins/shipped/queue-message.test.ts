import type { ConsumeMessage } from 'amqplib';
import { expect, test } from 'vitest';
import { dataOf } from '../../../../../plugins/parts/queue-message.ts';

const message = (content: string | Buffer, contentType?: string): ConsumeMessage =>
  ({
    content: Buffer.from(content),
    fields: { routingKey: 'a.b', redelivered: false, deliveryTag: 1, exchange: '', consumerTag: '' },
    properties: { contentType, messageId: 'm1' },
  }) as unknown as ConsumeMessage;

test.each([
  ['{"a":1}', 'application/json', { a: 1 }],
  ['{"a":1}', 'application/vnd.x+json; charset=utf-8', { a: 1 }],
  ['{"a":1}', 'text/plain', '{"a":1}'],
  ['{"a":1}', undefined, { a: 1 }],
  ['plain', undefined, 'plain'],
  ['plain', 'application/octet-stream', 'plain'],
  ['', undefined, ''],
])('the body %s of type %s', (body, type, expected) => {
  expect(dataOf(message(body, type))).toEqual({
    message_id: 'm1',
    routing_key: 'a.b',
    redelivered: false,
    body: expected,
  });
});

test.each([
  ['{"a":', 'application/json', 'The body is no JSON, but its type is application/json.'],
  [Buffer.from([0xff, 0xfe]), undefined, 'It is not UTF-8 text.'],
  ['x'.repeat(262_145), 'text/plain', 'The body has 262145 bytes; an event may have 262144.'],
])('a body that can be no event', (body, type, reason) => {
  expect(() => dataOf(message(body, type))).toThrow(reason);
});
