/** One sentence for each field. A field of one schema comes before the same name anywhere. */

import { OF_SCHEMA as OF_OTHERS } from './fields-of-schemas.ts'
import { OF_STORY } from './fields-of-stories.ts'

const OF_SCHEMA = { ...OF_OTHERS, ...OF_STORY } as Record<string, string | undefined>

/** Names that say all. */
const PLAIN = new Set(
  'id name email provider tenant at created createdAt started startedAt url method path duration'.split(
    ' '
  )
)

const ANY_SCHEMA: Record<string, string> = {
  since: 'Only what happened then or later.',
  until: 'Only what happened before then.',
  endedAt: 'When it ended. null: it has not.',
  ended: 'When it ended. null: it has not.',
  next: 'The `cursor` of the next page. null: there is none.',
  error: 'What is wrong, in one sentence.',
  message: 'What is wrong, in one sentence.',
  maxJobs: 'How many jobs the account may run at once.',
  priority:
    'Asked before accounts with a larger number, where the tenant chose `priority`: 1 to 5. Absent: 3. In a PATCH, null takes it away.',
  replyUrl: 'Where the end of the job is reported. https, and a public address.',
  replyRef: 'A text of yours that the report carries.',
  requestId: 'The X-Request-Id of the call.',
  token: 'The token’s id.',
  scope: '`full`: everything. `use`: no change of accounts, endpoints and secrets.',
  subscription: '`lapsed`: every call is answered with 402.',
  expiresAt: 'When the token ends. null: never.',
  whenFull:
    'What a creation gets when all accounts are full: 429, or a place in the queue. null: 429.',
  weight:
    'Its share, 1 to 100: of starts beside other accounts, or of the queue beside other tokens. Absent or null: 10. In a PATCH, null takes it away.',
  maxPriority: 'The best priority of its queued creations that counts between tokens. null: 3.',
  maxQueued: 'How many of its creations may wait in the queue. null: 10,000.',
  maxConcurrent: 'How many of its jobs may run at once, for each provider. null: no limit.',
  jobsPerDay: 'How many of its jobs may start in a day (UTC), for each provider. null: no limit.',
  requestsPerMinute: 'How many requests it may make in a minute. null: no limit.',
  routes: 'The kinds of calls that it may make. null: all.',
  sees: '`own`: the token sees only what was made with it.',
  grants: 'Ids of its tenant that a token with `sees: own` may use too.',
  reason: 'Why, as a word.',
  detail: 'Why, as a sentence.',
  count: 'How many results. One call makes one.',
  prompt: 'What shall be seen or heard.',
  negative_prompt: 'What shall not be seen.',
  aspect_ratio: 'Such as `16:9`.',
  mode: 'The quality: `std` is cheaper than `pro`.',
  model_name: 'The model, such as `kling-v3-0`.',
  type: 'Its kind.',
  status: 'Its state.',
  state: 'Its state.',
  events: 'Which events. Absent: all.',
  secret: 'Signs what is sent. Shown once.',
}

/** Fields of useapi.net's creations, by the form of their name. */
const BY_FORM: [name: RegExp, text: string][] = [
  [/^shot_\d_prompt$/, 'What shall be seen in this shot.'],
  [/^shot_\d_duration$/, 'How long this shot is, in seconds.'],
  [/^element_\d$/, 'An element of the account, `u_…` or its number.'],
  [/^image_\d+$|^image(_tail|Url|Reference)?$|^frame_(start|end)$/, 'The address of a picture.'],
  [/^(subjectImage\d|sceneImage|styleImage|humanImage)$/, 'The address of a picture.'],
  [/^(upper|lower|dress)Input$/, 'The address of a picture of the clothes.'],
  [/^(video|video_1|motionUrl)$/, 'The address of a video.'],
  [/^(audio|audioUrl)$/, 'The address of an audio file.'],
  [/^(enable_audio|keep_?[aA]udio)$/, 'Whether the video has sound.'],
  [/^cropVideoOriginalSound$/, 'Only false.'],
  [/^cfg_scale$/, 'How closely the prompt is followed.'],
  [/^effect$/, 'The name of the effect.'],
  [/^task_id$/, 'The task whose video is used.'],
  [/^motionDirection$/, 'Whose direction counts: the motion’s or the picture’s.'],
  [/^omni_version$/, 'The model’s version.'],
  [/^video_mode$/, 'What the given video is for.'],
  [/^version$/, 'The model’s version.'],
  [/^reference$/, 'What of the picture is kept.'],
  [/^imageCount$/, 'How many pictures.'],
  [/^(face|subject)Strength$/, 'How closely the picture is followed.'],
  [/^faceNo$/, 'Only the first face.'],
  [/^resolution$/, 'The size.'],
  [/^story_mode$/, 'Pictures that tell a story together.'],
  [/^emotion$/, 'Only empty.'],
  [/^(preview_id|video_id)$/, 'The id of the video.'],
]

/** Schemas with the fields of another one: answers that show more or less of it. */
const SAME_AS: Record<string, string> = {
  NewAlert: 'Alert',
  JobInFull: 'Job',
  DeliveryInFull: 'Delivery',
  SignInBegun: 'SignIn',
}

export function isPlain(field: string): boolean {
  return PLAIN.has(field)
}

/** `parent`: the field whose value has this one. */
export function describe(schema: string, field: string, parent: string): string | undefined {
  const own = OF_SCHEMA[`${schema}.${parent}.${field}`] ?? OF_SCHEMA[`${schema}.${field}`]
  if (own !== undefined) return own
  const inQuery = schema.endsWith('Query') ? OF_SCHEMA[`Query.${field}`] : undefined
  const same = OF_SCHEMA[`${SAME_AS[schema] ?? ''}.${field}`]
  return same ?? inQuery ?? ANY_SCHEMA[field] ?? BY_FORM.find(([name]) => name.test(field))?.[1]
}
