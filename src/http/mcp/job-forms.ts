/** What agents read of the tools about jobs. */
import { READS, type Field, type ToolForm } from '#domain/mcp/tool.ts'

export const WAIT_SECONDS = 50
const WAIT_SECONDS_MAX = 1800

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }

const JOB_OUTPUT = {
  job_id: { ...textOrNull, description: 'null: the provider has not named it yet' },
  request_id: {
    ...text,
    description: 'The id of the call that made it. Takes the place of job_id',
  },
  type: { ...text, description: 'The call that made it' },
  account: { ...textOrNull, description: 'The account that runs it' },
  status: {
    ...text,
    description:
      'queued (waits for a slot), running, waiting (for a person), completed, failed, gone, absent (never reached the provider), lost, forced, or outcome_unknown',
  },
  done: { type: 'boolean', description: 'Whether the status is final' },
  detail: { ...textOrNull, description: 'Why it failed, if that is known' },
  created: text,
  ended: textOrNull,
  place: { type: 'integer', description: 'While it is queued: its place. 1 is next' },
  starts_around: { ...text, description: 'While it is queued: when it should start' },
  waits_for: {
    ...text,
    description:
      'While it is queued: slot (its turn), pause, account (none takes jobs), token_limit, subscription or other_job',
  },
}
/** A job has them only while it is queued, and only where the gateway knows them. */
const WHILE_QUEUED = ['place', 'starts_around', 'waits_for']
const RESULT_OUTPUT = {
  result: {
    type: ['object', 'null'],
    description: "What the provider says of the job, such as a video's video_url. Its links end",
  },
}

const JOB_ID: Field = {
  type: 'string',
  minLength: 1,
  maxLength: 300,
  description:
    'The job_id that make_video gave, or a request_id, or key:<the idempotency_key of make_video>',
}

export const GET_JOB: ToolForm = {
  name: 'get_job',
  title: 'Status of a job',
  description:
    'Says whether a job (such as a video) is queued, runs, has completed or has failed, and gives the link of a finished video. To wait for the end, use wait_for_job.',
  input: { job_id: JOB_ID },
  required: ['job_id'],
  output: { ...JOB_OUTPUT, ...RESULT_OUTPUT },
  optional: WHILE_QUEUED,
  hints: READS,
}

export const WAIT_FOR_JOB: ToolForm = {
  name: 'wait_for_job',
  title: 'Wait for a job',
  description: `Waits until a job has ended, tells of progress meanwhile, and returns what get_job returns. A video takes minutes. After max_seconds it returns done: false: call it again with the same arguments, nothing is lost. Waiting starts nothing and costs no credits. Many clients give up a call after 60 seconds, so the default is ${WAIT_SECONDS}; ask for more only if your client waits longer.`,
  input: {
    job_id: JOB_ID,
    max_seconds: {
      type: 'integer',
      minimum: 1,
      maximum: WAIT_SECONDS_MAX,
      default: WAIT_SECONDS,
      description: 'How long to wait at most',
    },
  },
  required: ['job_id'],
  output: {
    ...JOB_OUTPUT,
    ...RESULT_OUTPUT,
    next: { ...text, description: 'What to do now, if the job has not ended' },
  },
  optional: ['next', ...WHILE_QUEUED],
  hints: READS,
}

export const LIST_JOBS: ToolForm = {
  name: 'list_jobs',
  title: 'List jobs',
  description: 'Jobs of the last 30 days, newest first. A page may be shorter than limit.',
  input: {
    state: { type: 'string', enum: ['running', 'ended'], description: 'Only these' },
    account: { type: 'string', maxLength: 254, description: 'Only jobs of this account' },
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'Rows' },
    cursor: { type: 'string', maxLength: 400, description: 'next_cursor of the page before' },
  },
  output: {
    jobs: { type: 'array', items: { type: 'object', properties: JOB_OUTPUT } },
    next_cursor: { ...textOrNull, description: 'null: this is the last page' },
  },
  hints: READS,
}

export const STOP_TRACKING: ToolForm = {
  name: 'stop_tracking',
  title: 'Stop tracking a job',
  description:
    'Takes a running job out of the lists, so that nothing reports its end. It does not cancel: a provider finishes what it has begun, and bills it. Its slot stays taken until it ends.',
  input: { job_id: JOB_ID },
  required: ['job_id'],
  output: { job_id: text, note: text },
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
}

export const FREE_SLOT: ToolForm = {
  name: 'free_slot',
  title: 'Free the slot of a job',
  description:
    'Stops tracking a job and frees its slot at once. Only for a job that is known to be dead: if it still runs, the account may start more than its plan allows. It does not cancel the job.',
  input: { job_id: JOB_ID },
  required: ['job_id'],
  output: { job_id: text, note: text },
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
}
