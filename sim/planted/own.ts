/** Sabotages of what keeps two own tokens of one tenant apart (docs/rfc/0010-sees-own.md). Played over plans of the line. */
import type { PlantedFault, Written } from './written.ts'

const IN_TWO_PLACES: readonly PlantedFault[] = [
  {
    name: 'own item starts as any',
    harm: 'what an own token queued is started as a job of its tenant, which it does not find',
    breaks: ['I5 own'],
    sabotages: [
      {
        file: 'src/flows/queue/item-text.ts',
        from: '...(own ? { own: { token: sort.token, grants: [], isMaking: true } } : {}),',
        to: '...(own ? {} : {}),',
      },
      {
        file: 'src/flows/queue/start-item.ts',
        from: '...(own ? { ownToken: sort.token } : {}),',
        to: '...(own ? {} : {}),',
      },
    ],
  },
]

const IN_ONE_PLACE: readonly Written[] = [
  {
    name: 'own ids of all',
    harm: 'the gate lets pass what another own token has made or queued',
    breaks: ['I5 own'],
    file: 'src/durable/visibility/own-id-rows.ts',
    from: 'CROSS JOIN own_id ON own_id.token = ?2 AND own_id.id = wanted.value',
    to: 'CROSS JOIN own_id ON own_id.token >= substr(?2, 1, 0) AND own_id.id = wanted.value',
  },
  {
    name: 'own jobs of all',
    harm: "the list of jobs shows an own token its tenant's",
    breaks: ['I5 own'],
    file: 'src/http/jobs/jobs.ts',
    from: 'return own ? { ownToken: own.token } : {}',
    to: 'return own ? {} : {}',
  },
  {
    name: 'own item by name',
    harm: 'a queued creation is shown to another own token that knows its name',
    breaks: ['I5 own'],
    file: 'src/flows/jobs/find-job.ts',
    from: '(isOwn === true && token === own.token)',
    to: '(isOwn === true && token !== undefined)',
  },
  {
    name: 'own queue of all',
    harm: 'the queue shows an own token what another one has in line',
    breaks: ['I5 own'],
    file: 'src/http/queue/queue.ts',
    from: "const token = sees === 'own' ? id : asked",
    to: "const token = sees === 'own' ? id.slice(0, 0) + (asked ?? id) : asked",
  },
  {
    name: 'own cancel of all',
    harm: "an own token cancels another's item",
    breaks: ['I5 own'],
    file: 'src/durable/line/desk-line.ts',
    from: 'if (!row || (token !== undefined && row.sort.token !== token)) return undefined',
    to: 'if (!row || token === "") return undefined',
  },
  {
    name: 'own bulk without its gate',
    harm: 'a bulk call queues what names things of another own token',
    breaks: ['I5 own'],
    file: 'src/flows/queue/bulk.ts',
    from: 'if (!own) return\n',
    to: 'if (own === undefined || own.token !== "") return\n',
  },
  {
    name: 'own bulk looks first',
    harm: 'a bulk call tells whether a name waits, although what names it cannot be queued',
    breaks: ['I5 own'],
    file: 'src/flows/queue/bulk.ts',
    from: 'if (!mayQueue(call) || isValidateOnly(call)) throw notQueueable(call)',
    to: 'if (!mayQueue(call)) await underRealIds(ports, call, async () => { throw notQueueable(call) })',
  },
  {
    name: 'own told to the tenant',
    harm: "the ends of an own token's jobs are told to its tenant's default URL",
    breaks: ['I5 own'],
    file: 'src/durable/desk-tables/token-rows.ts',
    from: "const ofTenant = token.sees === 'own' ? undefined : this.#tenants.find(token.tenant)",
    to: 'const ofTenant = this.#tenants.find(token.tenant)',
  },
  {
    name: 'own usage of all',
    harm: "an own token reads its tenant's usage",
    breaks: ['I5 own'],
    file: 'src/http/usage/usage.ts',
    from: 'const asks = { tenant: caller.tenant, ...span, ...token }',
    to: 'const asks = { tenant: caller.tenant, ...span, ...(isHidden ? {} : token) }',
  },
]

export const OWN: readonly PlantedFault[] = [
  ...IN_ONE_PLACE.map(({ name, harm, breaks, ...sabotage }) => ({
    ...{ name, harm, breaks, sabotages: [sabotage] },
  })),
  ...IN_TWO_PLACES,
].map((fault) => ({ ...fault, isOfLine: true }))
