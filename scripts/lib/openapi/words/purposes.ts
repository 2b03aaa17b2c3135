/** What an operation is for, where the summary of its route is too short. `{provider}` stands for each provider. */
interface Purpose {
  summary?: string
  description?: string
}

export const PURPOSES: Record<string, Purpose | undefined> = {
  'post /v1/{provider}/accounts': {
    description:
      'With a new credential the gateway asks the provider whether it is good. 201: kept. 200: `dryRun` only looked, or only maxJobs changed.',
  },
  'get /v1/{provider}/accounts': {
    description: 'Shows why an account is parked. No credential is ever shown.',
  },
  'get /v1/{provider}/accounts/{email}': {
    description: 'With what the provider says about it now, such as its balance.',
  },
  'delete /v1/{provider}/accounts/{email}': {
    description:
      'New calls no longer go to it. Its running jobs are still tracked to their ends, unless `now=true`.',
  },
  'post /v1/{provider}/accounts/{email}/unpark': {
    description: 'For all calls at once. Use it when the cause is mended.',
  },
  'post /v1/{provider}/accounts/{email}/drain': {
    description:
      'Calls about its jobs go on, and so do all that take no slot. Neither `unpark` nor a new key ends it.',
  },
  'post /v1/{provider}/accounts/{email}/undrain': {
    description: 'The account takes new jobs again.',
  },
  'post /v1/{provider}/queue/pause': {
    description:
      'Without a field: everything. Creations are queued as before, and start deadlines go on. Calls that do not stand in the queue are not touched.',
  },
  'post /v1/{provider}/queue/resume': {
    description:
      'To resume everything leaves an account or a token paused that was paused by itself.',
  },
  'post /v1/{provider}/accounts/sign-in': {
    description:
      'The person opens `verification_uri_complete` and approves. Then the account is there.',
  },
  'get /v1/{provider}/jobs': {
    description: 'A job is a call that takes a slot of an account until the provider has ended it.',
  },
  'delete /v1/{provider}/scheduler/{id}': {
    description:
      'With `force=true` the account may hold more jobs than its limit: use it for a job that is known to be over.',
  },
  'post /v1/{provider}/tts/create': {
    description: 'The answer has the address of the audio file.',
  },
  'post /v1/{provider}/videos/text2video': {
    summary: 'Make a video from a text',
  },
  'post /v1/{provider}/videos/image2video-frames': {
    summary: 'Make a video from a first and a last picture',
  },
  'post /v1/{provider}/videos/image2video-elements': {
    summary: 'Make a video from up to four pictures of things',
  },
  'post /v1/{provider}/videos/image2video-effects': {
    summary: 'Make a video from pictures with an effect',
  },
  'post /v1/{provider}/videos/extend': { summary: 'Make a video longer' },
  'post /v1/{provider}/videos/lipsync': {
    summary: 'Move the lips of a video to an audio file',
  },
  'post /v1/{provider}/videos/motion-create': {
    summary: 'Give a picture the motion of a video',
  },
  'post /v1/{provider}/videos/add-sound': { summary: 'Add a sound to a video' },
  'post /v1/{provider}/videos/omni': {
    summary: 'Make a video from text, pictures and a video',
  },
  'post /v1/{provider}/avatars/video': {
    summary: 'Make a picture speak an audio file',
  },
  'post /v1/kling/tts/create': { summary: 'Speak a text' },
  'post /v1/{provider}/images/kolors': { summary: 'Make pictures from a text' },
  'post /v1/{provider}/images/kolors-elements': {
    summary: 'Make pictures from pictures of things, a scene and a style',
  },
  'post /v1/{provider}/images/omni': {
    summary: 'Make pictures from a text and pictures',
  },
  'post /v1/{provider}/images/virtual-try-on': {
    summary: 'Dress a person in clothes',
  },
  'post /admin/tokens': {
    description: 'The token and the key pair are shown in this answer only.',
  },
  'delete /admin/tenants/{tenant}': {
    description: 'A tenant that is made later under the same name shares nothing with it.',
  },
}

export const TAGS: Record<string, string> = {
  accounts: 'Accounts at the provider: add, show, change, remove.',
  alerts: 'Where the gateway reports what needs a person.',
  deliveries: 'Calls to your own URLs, and the secret that signs them.',
  jobs: 'Running jobs, ended jobs and free slots.',
  live: 'The state of the pool, once or as it changes.',
  operator: 'For the operator of the gateway, with ADMIN_TOKEN.',
  'providers’ calls': 'Where providers report events. The address itself is the proof.',
  service: 'About the gateway itself.',
  tasks:
    'Creations and tasks in the form of useapi.net. A creation is answered at once; its result is in the task, or comes to `replyUrl`.',
  tenant: 'The tenant of the token.',
  'text-to-speech': 'Text-to-speech in the form of useapi.net.',
}

const DROP_IN =
  'Paths with the tag “drop-in” are the provider’s own: request and answer are what its documentation says, and the gateway chooses the account. ' +
  'They also take the token as `X-Api-Key`, and the headers `X-Gateway-Account`, `X-Gateway-Join`, `X-Gateway-Reply-Url` and `X-Gateway-Reply-Ref`. ' +
  'Paths that are not listed are sent on as well. '

export const INFO_TEXT =
  'Many accounts behind one URL and one token. ' +
  'An error of the gateway’s own carries `X-Gateway-Error`, and `Retry-After` where a later try helps. ' +
  'Every answer carries `X-Request-Id`. ' +
  DROP_IN +
  'All of them stand in `/openapi-drop-in.json`.'

export const DROP_IN_TEXT =
  DROP_IN + '`x-kind` says what a call does. The gateway’s own paths: `/openapi.json`.'
