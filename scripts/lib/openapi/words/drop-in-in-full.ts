/**
 * Rows of the providers that are described with their bodies: what a first video needs, and webhook endpoints, which the gateway
 * answers itself. Shapes: reference/heygen-endpoints.json, reference/kling-endpoints.json.
 */
import { refTo, type JsonObject } from '../json.ts'

export interface InFull {
  /** Its operationId. */
  id: string
  description?: string
  /** Names of schemas. */
  body?: string
  answer: string
}

export const IN_FULL: Record<string, InFull | undefined> = {
  'POST /heygen/v3/videos': {
    id: 'createHeygenVideo',
    description:
      'Takes a slot of an account until the video has ended. All slots taken: 429 with Retry-After; `Prefer: wait=30` waits for one.',
    body: 'HeygenVideoForm',
    answer: 'HeygenVideoBegun',
  },
  'GET /heygen/v3/videos/{video_id}': {
    id: 'getHeygenVideo',
    description: 'The gateway knows which account has the video.',
    answer: 'HeygenVideo',
  },
  'GET /heygen/v3/webhooks/endpoints': { id: 'listHeygenEndpoints', answer: 'HeygenEndpoints' },
  'POST /heygen/v3/webhooks/endpoints': {
    id: 'addHeygenEndpoint',
    description: 'One endpoint gets the events of all accounts, each once.',
    body: 'HeygenEndpointForm',
    answer: 'HeygenEndpointAnswer',
  },
  'PATCH /heygen/v3/webhooks/endpoints/{endpoint_id}': {
    id: 'changeHeygenEndpoint',
    body: 'HeygenEndpointChange',
    answer: 'HeygenEndpointAnswer',
  },
  'POST /kling/v1/videos/text2video': {
    id: 'createKlingVideo',
    body: 'KlingTextToVideoForm',
    answer: 'KlingTask',
  },
  'GET /kling/v1/videos/text2video/{id}': { id: 'getKlingVideo', answer: 'KlingTask' },
}

const text = (description: string): JsonObject => ({ type: 'string', description })
const orNull = (type: string, description: string): JsonObject => ({
  type: [type, 'null'],
  description,
})
const object = (properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
})

const endpointFields: JsonObject = {
  url: text('Where the events go: https, and a public address.'),
  events: {
    type: 'array',
    items: { type: 'string' },
    description: 'The kinds of events. Absent: all.',
  },
}

export const SCHEMAS_IN_FULL: JsonObject = {
  HeygenVideoForm: {
    ...object(
      {
        type: text('`avatar`, `image` and others of HeyGen’s documentation.'),
        avatar_id: text('A look: GET /heygen/v3/avatars/looks.'),
        script: text('The text to speak.'),
        voice_id: text('A voice: GET /heygen/v3/voices.'),
        title: text('A title of yours.'),
        resolution: text('Such as `1080p`.'),
        aspect_ratio: text('Such as `16:9`.'),
        callback_url: text('Where the end of the video is reported.'),
        callback_id: text('A text of yours that the report carries.'),
      },
      ['type']
    ),
    additionalProperties: true,
    description: 'Fields that are not listed are sent on as well.',
  },
  HeygenVideoBegun: object(
    {
      data: {
        ...object(
          {
            video_id: text('The id of the video.'),
            status: text('`waiting`.'),
            output_format: text('`mp4` or `webm`.'),
          },
          ['video_id', 'status']
        ),
        description: 'The new video.',
      },
    },
    ['data']
  ),
  HeygenVideo: object(
    {
      data: {
        ...object(
          {
            id: text('The id of the video.'),
            status: text('`waiting`, `pending`, `processing`, `completed` or `failed`.'),
            title: orNull('string', 'Its title.'),
            video_url: orNull('string', 'Where the file is, when it is completed. It expires.'),
            duration: orNull('number', 'Seconds.'),
            failure_code: orNull('string', 'Why it failed, as a word.'),
            failure_message: orNull('string', 'Why it failed, as a sentence.'),
            created_at: orNull('integer', 'Seconds since 1970.'),
            completed_at: orNull('integer', 'Seconds since 1970.'),
          },
          ['id', 'status']
        ),
        additionalProperties: true,
        description: 'The video.',
      },
    },
    ['data']
  ),
  HeygenEndpointForm: object(endpointFields, ['url']),
  HeygenEndpointChange: object(endpointFields),
  HeygenEndpoint: object(
    {
      endpoint_id: text('Its id.'),
      ...endpointFields,
      events: { ...(endpointFields['events'] as JsonObject), type: ['array', 'null'] },
      status: { type: 'string', enum: ['enabled', 'disabled'], description: 'Its state.' },
      created_at: text('When it was added.'),
      secret: orNull('string', 'Signs what is sent. Shown once, when it is made.'),
    },
    ['endpoint_id', 'url', 'status']
  ),
  HeygenEndpointAnswer: object({ data: refTo('schemas', 'HeygenEndpoint') }, ['data']),
  HeygenEndpoints: object(
    {
      data: {
        type: 'array',
        items: refTo('schemas', 'HeygenEndpoint'),
        description: 'All of them.',
      },
      has_more: { type: 'boolean', description: 'Whether there is a next page.' },
      next_token: orNull('string', '`token` of the next page.'),
    },
    ['data']
  ),
  KlingTextToVideoForm: {
    ...object({
      prompt: text('What shall be seen.'),
      model_name: text('Such as `kling-v3`.'),
      duration: text('Seconds, as a text.'),
      mode: text('`std`, `pro` or `4k`.'),
      aspect_ratio: text('Such as `16:9`.'),
      callback_url: text('Where the end of the task is reported.'),
      external_task_id: text('A name of yours. It stands for the task’s id everywhere.'),
    }),
    additionalProperties: true,
    description: 'Fields that are not listed are sent on as well.',
  },
  KlingTask: object(
    {
      code: { type: 'integer', description: '0: no error.' },
      message: text('Kling’s word for it.'),
      request_id: text('Kling’s id of the call.'),
      data: {
        ...object(
          {
            task_id: text('The id of the task.'),
            task_status: text('`submitted`, `processing`, `succeed` or `failed`.'),
            task_status_msg: text('Why it failed.'),
            task_result: {
              type: 'object',
              additionalProperties: true,
              description: 'What it made.',
            },
          },
          ['task_id', 'task_status']
        ),
        additionalProperties: true,
        description: 'The task.',
      },
    },
    ['code', 'data']
  ),
}
