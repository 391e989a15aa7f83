import type { Json } from '@ordinaut/kit';
import type { ConsumeMessage } from 'amqplib';
import { Refusal, textOf } from './refusal.ts';

/** The server takes no larger event. */
const MAX_BYTES = 262_144;

/**
 * What is published of a message: `{message_id, routing_key, redelivered, body}`.
 *
 * @throws Refusal for a body of more than 256 KiB, one that is not UTF-8, and one that says it is JSON and is none.
 */
export function dataOf({ content, fields, properties }: ConsumeMessage): Json {
  if (content.length > MAX_BYTES)
    throw new Refusal(`The body has ${content.length} bytes; an event may have ${MAX_BYTES}.`);
  const type: unknown = properties.contentType;
  return {
    message_id: typeof properties.messageId === 'string' ? properties.messageId : null,
    routing_key: fields.routingKey,
    redelivered: fields.redelivered,
    body: bodyOf(textOf(content), typeof type === 'string' ? type : ''),
  };
}

/** JSON where the type says so, a text where it is `text/*`; with any other type, or none, JSON if it is some. */
function bodyOf(text: string, type: string): Json {
  if (/^text\//i.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    if (/^application\/([\w.+-]+\+)?json\b/i.test(type))
      throw new Refusal(`The body is no JSON, but its type is ${type}.`);
    return text;
  }
}
