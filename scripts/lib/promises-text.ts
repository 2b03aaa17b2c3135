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

export const EVIDENCE: Evidence = {
  simulation: 'docs/evidence/simulation.json',
  soak: 'docs/evidence/soak.json',
}

export const PROMISES: Promised[] = [
  {
    id: 'I1',
    title: 'Never more jobs than an account may run',
    text: 'An account never runs more jobs of the gateway at once than its limit. Crashes, deploys, retries, repeated requests and races do not change that.',
    except:
      'Slots that somebody frees by force, jobs given up after 48 hours, the jobs inside one batch, and jobs on paths that no route table knows.',
  },
  {
    id: 'I2',
    title: 'Every slot becomes free again',
    text: 'A slot whose job has ended becomes free by itself, even if events, answers or a whole process were lost. Nobody has to clean up.',
  },
  {
    id: 'I3',
    title: 'Every end is reported',
    text: 'A client that asked to be notified of a job’s end gets a signed webhook at least once. It is retried for 24 hours. Failed deliveries are listed with the reason.',
  },
  {
    id: 'I4',
    title: 'No paid job is started twice',
    text: 'The gateway never repeats a creation that may have been accepted. It gives no answer that makes a client repeat it.',
  },
  {
    id: 'I5',
    title: 'Tenants do not see each other',
    text: 'A tenant cannot read, use or notice what belongs to another tenant: accounts, jobs, ids, lists, keys, deliveries.',
  },
  {
    id: 'I6',
    title: 'Secrets stay secret',
    text: 'Credentials, tokens, hook ids and tickets are in no log, no error and no answer, except once, to their owner. In storage they are sealed.',
  },
  {
    id: 'I7',
    title: 'Bodies pass through unchanged',
    text: 'A body that the gateway need not read is streamed. JSON that it must read may have up to 16 MiB. Larger JSON is refused with 413 and a hint. The gateway changes JSON in place and never rewrites it, so 64-bit numbers keep every digit.',
  },
]
