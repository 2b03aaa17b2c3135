/** Tools for agents that call HeyGen's v3 (reference/heygen.md; developers.heygen.com/reference/create-video). */
import { emailFromHeader } from '#domain/accounts/account.ts'
import { KEY_FORM } from '#domain/creations/idempotency.ts'
import { READS, type Arguments, type Field } from '#domain/mcp/tool.ts'
import { isObject } from '#domain/mcp/message.ts'
import type { AgentTool, ProviderAgents } from '#providers/contract/provider.ts'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }

const PAGE: Record<string, Field> = {
  limit: { type: 'integer', minimum: 1, maximum: 50, default: 20, description: 'Rows' },
  page_token: {
    type: 'string',
    maxLength: 4000,
    description: 'next_page_token of the page before',
  },
}
const PAGE_OUTPUT = {
  next_page_token: { ...textOrNull, description: 'null: this is the last page' },
}

const makeVideo: AgentTool = {
  name: 'make_video',
  title: 'Make a video',
  description:
    'Starts a video in which an avatar speaks a script. THIS SPENDS CREDITS of an account, for each call that starts a video. Returns a job_id at once; the video takes minutes: call wait_for_job with it. Give an idempotency_key: a repeated call under the same key makes no second video and gives the first job_id again (for 24 hours). Without a key a repeated call makes and pays a second video.',
  input: {
    avatar_id: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'An avatar_id of list_avatars',
    },
    voice_id: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'A voice_id of list_voices',
    },
    script: {
      type: 'string',
      minLength: 1,
      maxLength: 50_000,
      description: 'What the avatar says. Its length decides the length and the price',
    },
    title: { type: 'string', maxLength: 500, description: 'A name for the video' },
    aspect_ratio: {
      type: 'string',
      enum: ['16:9', '9:16', '4:5', '5:4', '1:1', 'auto'],
      description: 'Without it HeyGen chooses',
    },
    resolution: {
      type: 'string',
      enum: ['720p', '1080p', '4k'],
      description: '4k costs more. Without it HeyGen chooses',
    },
    idempotency_key: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      pattern: KEY_FORM.source,
      description:
        'A text of your own, new for each video that is wanted and the same for each repetition of a call, such as a UUID',
    },
    wait_for_slot_seconds: {
      type: 'integer',
      minimum: 0,
      maximum: 50,
      default: 0,
      description: 'How long to wait for a free slot if all are taken',
    },
    queue: {
      type: 'boolean',
      default: false,
      description:
        'true: the video waits in the queue of the gateway until a slot is free, which may take hours, instead of being refused when all are taken. get_job and wait_for_job then say queued, with its place',
    },
  },
  required: ['avatar_id', 'voice_id', 'script'],
  output: {
    job_id: { ...text, description: 'The video_id' },
    status: { ...textOrNull, description: 'As HeyGen says it' },
    account: {
      ...textOrNull,
      description: 'The account that pays for it and runs it. null: it waits in the queue',
    },
    request_id: { ...textOrNull, description: 'The id of this call' },
    joined: {
      ...textOrNull,
      description: 'The earlier call that this one repeats: nothing new was started. null: none',
    },
  },
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
  call({ idempotency_key, wait_for_slot_seconds, queue, ...wanted }) {
    const wishes = [
      ...(queue === true ? ['respond-async'] : []),
      ...(wait_for_slot_seconds ? [`wait=${wait_for_slot_seconds}`] : []),
    ]
    return {
      method: 'POST',
      path: '/v3/videos',
      body: { type: 'avatar', ...wanted },
      headers: {
        ...(idempotency_key === undefined ? {} : { 'idempotency-key': String(idempotency_key) }),
        ...(wishes.length > 0 ? { prefer: wishes.join(', ') } : {}),
      },
    }
  },
  read(answer, header) {
    const { video_id, status } = dataOf(answer)
    return {
      job_id: String(video_id ?? header('x-gateway-job') ?? ''),
      status: textOf(status),
      account: accountIn(header('x-gateway-account')),
      request_id: header('x-request-id'),
      joined: header('x-gateway-joined'),
    }
  },
}

const listAvatars: AgentTool = {
  name: 'list_avatars',
  title: 'List avatars',
  description:
    "Avatars (HeyGen's looks) that make_video can use: the public ones, and the private ones of all accounts. An avatar's default_voice_id is a voice that suits it.",
  input: {
    ownership: { type: 'string', enum: ['public', 'private'], description: 'Only these' },
    avatar_type: { type: 'string', maxLength: 60, description: 'For example studio_avatar' },
    group_id: { type: 'string', maxLength: 200, description: 'Only looks of this avatar' },
    ...PAGE,
  },
  output: {
    avatars: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          avatar_id: text,
          name: textOrNull,
          avatar_type: textOrNull,
          gender: textOrNull,
          default_voice_id: textOrNull,
          orientation: textOrNull,
          preview_image_url: textOrNull,
          status: textOrNull,
        },
      },
    },
    ...PAGE_OUTPUT,
  },
  hints: READS,
  call: (given) => ({ method: 'GET', path: `/v3/avatars/looks${queryOf(given)}` }),
  read: (answer) => ({
    avatars: rowsOf(answer).map((row) => ({
      avatar_id: String(row['id']),
      name: textOf(row['name']),
      avatar_type: textOf(row['avatar_type']),
      gender: textOf(row['gender']),
      default_voice_id: textOf(row['default_voice_id']),
      orientation: textOf(row['preferred_orientation']),
      preview_image_url: textOf(row['preview_image_url']),
      status: textOf(row['status']),
    })),
    ...nextOf(answer),
  }),
}

const listVoices: AgentTool = {
  name: 'list_voices',
  title: 'List voices',
  description:
    'Voices that make_video can use: the public ones, and the private ones of all accounts.',
  input: {
    type: { type: 'string', enum: ['public', 'private'], description: 'Only these' },
    language: { type: 'string', maxLength: 60, description: 'For example English' },
    gender: { type: 'string', enum: ['female', 'male'], description: 'Only these' },
    ...PAGE,
  },
  output: {
    voices: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          voice_id: text,
          name: textOrNull,
          language: textOrNull,
          gender: textOrNull,
          type: textOrNull,
          preview_audio_url: textOrNull,
        },
      },
    },
    ...PAGE_OUTPUT,
  },
  hints: READS,
  call: (given) => ({ method: 'GET', path: `/v3/voices${queryOf(given)}` }),
  read: (answer) => ({
    voices: rowsOf(answer).map((row) => ({
      voice_id: String(row['voice_id']),
      name: textOf(row['name']),
      language: textOf(row['language']),
      gender: textOf(row['gender']),
      type: textOf(row['type']),
      preview_audio_url: textOf(row['preview_audio_url']),
    })),
    ...nextOf(answer),
  }),
}

export const agents: ProviderAgents = {
  tools: [makeVideo, listAvatars, listVoices],
  jobResult,
}

/** The members of a status answer that have a value. */
function jobResult(answer: unknown): Record<string, unknown> | null {
  const told = Object.entries(dataOf(answer)).filter(([, value]) => value !== null)
  return told.length === 0 ? null : Object.fromEntries(told)
}

function accountIn(header: string | null): string | null {
  return header === null ? null : emailFromHeader(header)
}

function queryOf({ page_token, limit = 20, ...filters }: Arguments): string {
  const query = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries({ ...filters, token: page_token })) {
    if (value !== undefined) query.set(name, String(value))
  }
  return `?${query}`
}

function dataOf(answer: unknown): Record<string, unknown> {
  const data = isObject(answer) ? answer['data'] : undefined
  return isObject(data) ? data : {}
}

function rowsOf(answer: unknown): Record<string, unknown>[] {
  const data = isObject(answer) ? answer['data'] : undefined
  return Array.isArray(data) ? data.filter(isObject) : []
}

function nextOf(answer: unknown): { next_page_token: string | null } {
  return { next_page_token: isObject(answer) ? textOf(answer['next_token']) : null }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
