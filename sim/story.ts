/** What came of a plan, in words that do not depend on the world it was played in: who was served, and what was told. */
import { idOf } from '../test/support/storm/storm-checks.ts'
import type { Received } from '../test/support/receiver.ts'
import type { Scene } from './clients/scene.ts'
import type { Action, Plan } from './plans/plan.ts'

export interface Story {
  /** By mark. */
  creations: Record<string, CreationStory>
  /** How often each question of a step was answered how. */
  answers: Record<string, number>
}

interface CreationStory {
  answers: string[]
  /** For each job that HeyGen started: how it ended. */
  jobs: string[]
  /** What the gateway says of each try at the end. */
  views: string[]
  /** Each end that a receiver took: the receiver, and the event's type. One for each id. */
  told: string[]
}

/** Names that differ from world to world. */
const NAMES =
  /[a-z]+-[0-9a-f]{20}|(?:[a-z]+_)?[0-9a-f]{12}7[0-9a-f]{19}|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=endpoints\/|deliveries\/|tokens\/|alerts\/|token=)[^/?&]+/g

export function storyOf(scene: Scene): Story {
  const { intentions, heygen, receivers, answers, answersOfSteps } = scene
  const creations = [...intentions.values()].map(({ mark, answers: heard, views, item }) => {
    const jobs = heygen.creations.filter((one) => one.mark === mark).flatMap((one) => one.jobs)
    // A queued job is told under its name, also if it never began.
    const names = item?.names ?? jobs.map(({ id }) => id)
    const told = names.flatMap((name) => toldOf(receivers.received, name))
    const ends = jobs.map(({ isDone }) => (isDone ? 'done' : 'failed'))
    const seen = views.map(({ status }) => status)
    return [mark, { answers: heard, jobs: ends, views: seen, told: told.toSorted() }] as const
  })
  const counted: Record<string, number> = {}
  for (const { about, answer } of answers.slice(0, answersOfSteps)) {
    const why = answer.status === 400 ? ` ${answer.body.slice(0, 200)}` : ''
    const text = `${about}: ${answer.status}${why}`.replace(NAMES, '*')
    counted[text] = (counted[text] ?? 0) + 1
  }
  return { creations: Object.fromEntries(creations), answers: counted }
}

function toldOf(received: readonly Received[], id: string): string[] {
  const told = received
    .filter(({ body, status }) => status === 200 && body.includes(id))
    .map((post) => {
      const { event_type: type } = JSON.parse(post.body) as { event_type?: string }
      return `${idOf(post)} ${post.path} ${type}`
    })
  return [...new Set(told)].map((text) => text.slice(text.indexOf(' ') + 1))
}

/** What differs, as sentences. */
export function differences(one: Story, other: Story): string[] {
  const marks = new Set([...Object.keys(one.creations), ...Object.keys(other.creations)])
  const questions = new Set([...Object.keys(one.answers), ...Object.keys(other.answers)])
  return [
    ...[...marks].flatMap((mark) => unequal(mark, one.creations[mark], other.creations[mark])),
    ...[...questions].flatMap((text) => unequal(text, one.answers[text], other.answers[text])),
  ]
}

function unequal(about: string, one: unknown, other: unknown): string[] {
  const [left, right] = [JSON.stringify(one), JSON.stringify(other)]
  return left === right ? [] : [`${about}: ${left} in one, ${right} in the other`]
}

/** How often what happened. */
export function countsOf(stories: readonly Story[]): Record<string, number> {
  const counts: Record<string, number> = {}
  const count = (what: string, by = 1) => (counts[what] = (counts[what] ?? 0) + by)
  for (const { creations } of stories)
    for (const { answers, jobs, told } of Object.values(creations)) {
      count('creations')
      count('jobs', jobs.length)
      count('told', told.length)
      if (answers.some((text) => text.startsWith('2'))) count('served')
      else if (jobs.length > 0) count('started, not served')
      else count('refused')
      count('tries', answers.length)
      count('cut', answers.filter((text) => text === 'cut').length)
    }
  return counts
}

/**
 * What a fault, a kill or a full pool answers. Which creation meets one is a matter of time and chance. An item of a bulk call has a
 * word alone, and none if the whole call was refused.
 */
const PASSING =
  /^(?:cut|2\d\d|402|409 |424 |429|5\d\d|nothing|slots_full|queue_full|account_unavailable|request_in_progress|outcome_unknown|internal)/
/** What a step of the plan explains, if it comes before the creation. */
const EXPLAINED: { by: (action: Action) => boolean; answer: RegExp }[] = [
  {
    by: ({ do: it }) => /^(?:remove|hand over|end tenant)$/.test(it),
    answer: /^(?:404 )?no_accounts/,
  },
  { by: ({ do: it }) => /^(?:end tenant|rotate token)$/.test(it), answer: /^401 unauthorized/ },
  { by: (action) => action.do === 'create' && action.repeats === 'other body', answer: /^400 / },
  // HeyGen refuses it. In the other world it may not have come so far.
  { by: (action) => action.do === 'queue' && action.line?.isRefused === true, answer: /^400$/ },
  { by: ({ do: it }) => it === 'refuse key' || it === 'new key', answer: /^401$/ },
  // Whose look it is can only be found while lists can be read.
  { by: (action) => action.do === 'create' && action.looks !== undefined, answer: /^404$/ },
  // HeyGen's own answer on a path that it has ended, or has not yet been found to have ended.
  { by: ({ do: it }) => it === 'older video', answer: /^404$/ },
]

/** Refusals that no fault, full pool or step of the plan explains, and that only one of the worlds gave. */
export function unexplained({ steps }: Plan, one: Story, other: Story): string[] {
  const explained = EXPLAINED.filter(({ by }) => steps.some(({ action }) => by(action)))
  const isExplained = (text: string) =>
    PASSING.test(text) || explained.some(({ answer }) => answer.test(text))
  return Object.entries(one.creations).flatMap(([mark, { answers }]) => {
    const others = other.creations[mark]?.answers ?? []
    const only = [
      ...answers.filter((text) => !others.includes(text)),
      ...others.filter((text) => !answers.includes(text)),
    ].filter((text) => !isExplained(text))
    return only.length === 0 ? [] : [`${mark}: ${answers.join(', ')} | ${others.join(', ')}`]
  })
}
