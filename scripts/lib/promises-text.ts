/** The gateway's promises, and the files with measured numbers. scripts/promises.ts writes docs/promises.md from them. */

export interface Promised {
  id: string
  title: string
  text: string
  /** What the promise does not include. */
  except?: string
}

/**
 * Files with one line of text for each promise, `{ "I1": "…" }`. Undefined: there is no such file yet, and the page says so. A file
 * that is named here must have a line for every promise.
 */
export interface Evidence {
  /** What the simulation checks. */
  simulation?: string
  /** What the last soak counted. */
  soak?: string
}

export const EVIDENCE: Evidence = {}

export const PROMISES: Promised[] = [
  {
    id: 'I1',
    title: 'Never more jobs than an account may run',
    text: 'At no moment does an account run more of our jobs than its limit. Crashes, deploys, retries, doubled requests and races do not change that.',
    except:
      'Slots that somebody frees by force, jobs given up after 48 hours, the jobs inside one batch, and jobs on paths that no route table knows.',
  },
  {
    id: 'I2',
    title: 'Every slot becomes free again',
    text: 'A slot whose job has ended becomes free by itself, also when events, answers or a whole process were lost. Nobody has to clean up.',
  },
  {
    id: 'I3',
    title: 'Every end is reported',
    text: 'Whoever asked to be notified of a job’s end gets a signed webhook at least once. It is retried for 24 hours. What could not be delivered is listed with the reason.',
  },
  {
    id: 'I4',
    title: 'No paid job is started twice',
    text: 'The gateway does not send a creation again that may have been accepted. It does not give an answer that makes a client do so either.',
  },
  {
    id: 'I5',
    title: 'Tenants do not see each other',
    text: 'A tenant cannot read, use or notice what belongs to another: accounts, jobs, ids, lists, keys, deliveries.',
  },
  {
    id: 'I6',
    title: 'Secrets stay secret',
    text: 'Credentials, tokens, hook ids and tickets are in no log, no error and no answer, except once, to their owner. In storage they are sealed.',
  },
  {
    id: 'I7',
    title: 'Bodies pass through unchanged',
    text: 'A body that need not be read is streamed. JSON that must be read is held up to 16 MiB; a larger one is refused with 413 and what to do instead. It is changed in place and never written anew, so that 64-bit numbers keep every digit.',
  },
]
