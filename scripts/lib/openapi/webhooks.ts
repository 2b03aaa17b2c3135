/** What the gateway sends to clients' own URLs: docs/webhooks.md. */
import { answerExample } from './examples.ts'
import { refTo, type Json, type JsonObject } from './json.ts'

const header = (name: string, description: string, isAlways = true): JsonObject => ({
  name,
  in: 'header',
  ...(isAlways ? { required: true } : {}),
  description,
  schema: { type: 'string' },
})

export const DELIVERY_PARAMETERS: JsonObject = {
  'webhook-id': header(
    'webhook-id',
    'The event. Every call about it has the same: drop one that you have seen.'
  ),
  'webhook-timestamp': header('webhook-timestamp', 'When it was sent, in seconds since 1970.'),
  'webhook-signature': header(
    'webhook-signature',
    'Standard Webhooks: `v1,` and the base64 of an HMAC-SHA256. Several after spaces while a secret is replaced. Absent until there is a secret.',
    false
  ),
  Signature: header(
    'Signature',
    'HeyGen’s form: the hex HMAC-SHA256 of the body, keyed by the whole text `whsec_…`.',
    false
  ),
  'X-Gateway-Job': header('X-Gateway-Job', 'The id of the job.', false),
  'X-Gateway-Delivery': header('X-Gateway-Delivery', 'The `id` in GET /v1/deliveries.'),
  'X-Gateway-Reply-Ref_': header('X-Gateway-Reply-Ref', 'The text that the creation gave.', false),
}

const answers: JsonObject = {
  '2XX': { description: 'Taken. Any 2xx within ten seconds ends the delivery.' },
  '410': { description: 'Not wanted any more. The delivery ends at once.' },
  '4XX': { description: 'Not taken. It is tried again for 24 hours; `Retry-After` is respected.' },
}

function webhook(
  id: string,
  tag: string,
  summary: string,
  description: string,
  schema: string
): JsonObject {
  const seen: Json | undefined = answerExample(id, schema)
  const content = {
    schema: refTo('schemas', schema),
    ...(seen === undefined ? {} : { example: seen }),
  }
  return {
    post: {
      operationId: id,
      summary,
      description,
      tags: [tag],
      security: [],
      parameters: Object.keys(DELIVERY_PARAMETERS).map((name) => refTo('parameters', name)),
      requestBody: { required: true, content: { 'application/json': content } },
      responses: answers,
    },
  }
}

export const WEBHOOKS: JsonObject = {
  heygenEvent: webhook(
    'heygenEvent',
    'deliveries',
    'A HeyGen job has ended, or HeyGen has other news',
    'Sent to `callback_url`, `X-Gateway-Reply-Url`, the default `replyUrl`, and webhook endpoints. The body is HeyGen’s own.',
    'HeygenEvent'
  ),
  klingTask: webhook(
    'klingTask',
    'deliveries',
    'A Kling task has ended',
    'Sent to `callback_url` of the creation. The body is Kling’s own: the bare task.',
    'KlingTaskEnded'
  ),
  useapiTask: webhook(
    'useapiTask',
    'deliveries',
    'A task of /v1/kling has ended',
    'Sent to `replyUrl` of the creation, in the form of useapi.net.',
    'TaskEnded'
  ),
  alert: webhook(
    'alert',
    'alerts',
    'Something is wrong, or over',
    'Sent to the `url` of an alert with the form `generic`, signed with its secret. At most once a day for the same thing.',
    'AlertTold'
  ),
}

const text = (description: string): JsonObject => ({ type: 'string', description })

const orNull = (description: string): JsonObject => ({ type: ['string', 'null'], description })

export const WEBHOOK_SCHEMAS: JsonObject = {
  HeygenEvent: {
    type: 'object',
    properties: {
      event_id: text('HeyGen’s id of the event. Use `webhook-id` to drop repeats.'),
      event_type: text('Such as `avatar_video.success` and `avatar_video.fail`.'),
      event_data: {
        type: 'object',
        additionalProperties: true,
        description: 'The facts, such as `video_id`, `url`, `msg` and `callback_id`.',
      },
      created_at: text('When HeyGen made it.'),
    },
    required: ['event_type', 'event_data'],
    additionalProperties: true,
  },
  KlingTaskEnded: {
    type: 'object',
    properties: {
      task_id: text('The id of the task.'),
      task_status: text('`succeed` or `failed`.'),
      task_status_msg: text('Why it failed.'),
      task_result: { type: 'object', additionalProperties: true, description: 'What it made.' },
    },
    additionalProperties: true,
  },
  AlertTold: {
    type: 'object',
    properties: {
      id: text('The id of the message.'),
      type: text('`gateway.alert`.'),
      kind: text('What is wrong, such as `account_parked`. `test`: nothing.'),
      state: { type: 'string', enum: ['raised', 'recovered'], description: 'Begun or over.' },
      at: text('Since when.'),
      tenant: orNull('Whose.'),
      provider: orNull('Which provider, if it is about one.'),
      account: orNull('Which account, if it is about one.'),
      text: text('The same as a sentence.'),
      detail: { type: 'object', additionalProperties: true, description: 'More about it.' },
    },
    required: ['id', 'type', 'kind', 'state', 'at', 'text'],
    additionalProperties: true,
  },
  TaskEnded: {
    type: 'object',
    properties: {
      task: { type: 'object', additionalProperties: true, description: 'The task.' },
      status_name: text('`succeed` or `failed`.'),
      status_final: { type: 'boolean', description: 'Always true.' },
      replyRef: text('The text that the creation gave.'),
    },
    additionalProperties: true,
  },
}
