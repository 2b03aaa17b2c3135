/** Sabotages of the line: the list of docs/rfc/0009-queue.md, as far as what they break is built. Played over plans of the line. */
import type { PlantedFault, Written } from './written.ts'

const IN_TWO_PLACES: readonly PlantedFault[] = [
  {
    name: 'under way',
    harm: 'an item is handed over again and sent again although its lease is being searched for',
    breaks: ['I4', 'I3', 'line'],
    sabotages: [
      {
        file: 'src/durable/sender/sender.ts',
        from: '...underWayOf(tables.leases(), tenant),',
        to: '...underWayOf(tables.leases().slice(0, 0), tenant),',
      },
      {
        file: 'src/durable/sender/under-way.ts',
        from: "if (tries.some(({ live }) => live.length > 0)) return { kind: 'under way' }",
        to: '',
      },
    ],
  },
  {
    name: 'cancel after the choice',
    harm: 'what is being started can be cancelled',
    breaks: ['line'],
    sabotages: [
      {
        file: 'src/durable/line/desk-line.ts',
        from: "if (state === 'chosen' || state === 'begun') return 'late'",
        to: "if (state === 'begun') return 'late'",
      },
      {
        file: 'src/domain/queue/item-state.ts',
        from: "cancel: { waiting: 'untold', held: 'untold' },",
        to: "cancel: { waiting: 'untold', held: 'untold', chosen: 'untold' },",
      },
    ],
  },
]

const IN_ONE_PLACE: readonly Written[] = [
  {
    name: 'choice in memory',
    harm: 'a choice is not written, and a restart of the desk makes another one',
    breaks: ['I4', 'I3', 'I1', 'line'],
    file: 'src/durable/line/take-work.ts',
    from: 'for (const token of new Set(all.map(([, { sort }]) => sort.token))) memory.saveToken(token)',
    to: '',
  },
  {
    name: 'key without an end',
    harm: 'a key whose Worker died is run again, although its item waits',
    breaks: ['I4', 'I3'],
    file: 'src/durable/line/enqueue.ts',
    from: 'if (row?.record.requestId === requestId) return row',
    to: 'if (row?.record.requestId === requestId && row.isGone && !row.record.leaseId) return row',
  },
  {
    name: 'back after lost',
    harm: 'an item goes back into the line although its lease ended as lost or unknown',
    breaks: ['I4', 'I3', 'line'],
    file: 'src/domain/slots/queued-lease.ts',
    from: "if (!item || outcome.status !== 'absent') return false",
    to: "if (!item || (outcome.status !== 'absent' && outcome.status !== 'outcome_unknown' && outcome.status !== 'lost')) return false",
  },
  {
    name: 'name not asked about',
    harm: 'a name is no hint, so a call that names a queued job goes to the provider as it is',
    breaks: ['line', 'I4'],
    file: 'src/flows/queue/named-call.ts',
    from: 'return idsOf(call, call.json).flatMap(({ id }) => (markOf(id) ? [id] : []))',
    to: 'return idsOf(call, call.json).flatMap(({ id }) => (markOf(id) ? [] : [id])).slice(0, 0)',
  },
  {
    name: 'lease id again',
    harm: 'an item that comes again has the lease id that it had',
    breaks: ['I4', 'I3', 'line'],
    file: 'src/durable/line/take-work.ts',
    from: 'leaseIds: [...chosen.choice.leaseIds, leaseId] }',
    to: 'leaseIds: chosen.choice.leaseIds.length > 0 ? chosen.choice.leaseIds : [leaseId] }',
  },
  {
    name: 'evidence forgotten',
    harm: 'an item that comes again is sent again, whatever the tables of the account say of its earlier tries',
    breaks: ['I4', 'I3', 'line'],
    file: 'src/durable/sender/sender.ts',
    from: 'const evidence = this.#evidence(earlier)',
    to: 'const evidence = this.#evidence(earlier.slice(0, 0))',
  },
  {
    name: 'body kept',
    harm: 'an item that left the line keeps its body',
    breaks: ['line'],
    file: 'src/durable/line/item-rows.ts',
    from: "'UPDATE queued SET is_gone = 1, sort = ?, record = ?, sealed = NULL WHERE is_gone = 0 AND item = ?'",
    to: "'UPDATE queued SET is_gone = 1, sort = ?, record = ? WHERE is_gone = 0 AND item = ?'",
  },
  {
    name: 'no look',
    harm: 'the desk never looks, so what was lost on the way waits for ever',
    breaks: ['line', 'I2', 'I3'],
    file: 'src/durable/line/desk-line.ts',
    from: 'if (isClosed() || !memory.owesAnything || now() < (this.#lookAt ?? 0)) return',
    to: 'if (isClosed() || now() > 0) return',
  },
  {
    name: 'lane that blocks',
    harm: 'an account is not offered its own lane',
    breaks: ['line'],
    file: 'src/domain/queue/may-start.ts',
    from: "if (lane === '' || lane === own) return true",
    to: "if (lane === '' || lane === own + own) return true",
  },
  {
    name: 'removed token goes on',
    harm: 'the items of a token that was removed are started',
    breaks: ['line'],
    file: 'src/durable/line/token-looks.ts',
    from: "if (!record || isOver) return 'gone'",
    to: "if (!record || isOver) return 'good'",
  },
  {
    name: 'reply left in the body',
    harm: 'an end without a start is not told to the callback that stands in the body',
    breaks: ['line'],
    file: 'src/flows/queue/queue-creation.ts',
    from: 'const { reply } = ask',
    to: 'const { reply } = call',
  },
  {
    name: 'name of another tenant',
    harm: 'an isolate shows a queued creation to whoever knows its name',
    breaks: ['I5'],
    file: 'src/storage/items.ts',
    from: 'return `${tenant}/${provider}/${name}`',
    to: 'return `${tenant.slice(0, 0)}/${provider}/${name}`',
  },
  {
    name: 'no pull at a freed slot',
    harm: 'an account does not ask for work when a slot is freed, so it stands idle until the look',
    breaks: ['line'],
    file: 'src/durable/sender/sender.ts',
    from: 'this.#pauses.noteFreed()\n    return this.pullIfMore()',
    to: 'this.#pauses.noteFreed()\n    return false',
  },
  {
    name: 'end not handed over',
    harm: 'an end without a start leaves the line before an account has taken it',
    breaks: ['line'],
    file: 'src/durable/line/untold-ends.ts',
    from: 'if (isClosed() || taken.length === 0) return false',
    to: 'if (isClosed()) return false\n    if (taken.length === 0) taken.push(...items)',
  },
]

export const LINE: readonly PlantedFault[] = [
  ...IN_ONE_PLACE.map(({ name, harm, breaks, ...sabotage }) => ({
    ...{ name, harm, breaks, sabotages: [sabotage] },
  })),
  ...IN_TWO_PLACES,
].map((fault) => ({ ...fault, isOfLine: true }))
