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
  {
    name: 'back twice',
    harm: 'an item goes back into the line a second time after nothing ran for it',
    breaks: ['line'],
    sabotages: [
      {
        file: 'src/domain/slots/queued-lease.ts',
        from: 'return item.absents === 0 && (',
        to: 'return item.absents <= 1 && (',
      },
      {
        file: 'src/durable/sender/under-way.ts',
        from: 'const ABSENTS_MAX = 2',
        to: 'const ABSENTS_MAX = 3',
      },
    ],
  },
  {
    name: 'deadline',
    harm: 'an item is started after its deadline',
    breaks: ['line'],
    sabotages: [
      {
        file: 'src/domain/queue/may-start.ts',
        from: '|| startBy <= now) return false',
        to: '|| startBy <= 0) return false',
      },
      {
        file: 'src/durable/line/take-work.ts',
        from: 'const mayStart = isAllowed && !isSpent(chosen) && sort.startBy > now()',
        to: 'const mayStart = isAllowed && !isSpent(chosen) && sort.startBy < Infinity + now()',
      },
      {
        file: 'src/durable/line/look.ts',
        from: "return sort.startBy <= now ? 'start_deadline' : undefined",
        to: "return sort.startBy + 86_400_000 <= now ? 'start_deadline' : undefined",
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
    from: "return lane === '' || lane === own",
    to: "return lane === '' || lane === own + own",
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
    name: 'no limit of time',
    harm: 'a call between objects that never ends is waited for for ever',
    breaks: ['line', 'I2', 'I3'],
    file: 'src/domain/runtime/in-time.ts',
    from: 'return await Promise.race([answer, late])',
    to: 'return await Promise.race([answer, late.catch(() => answer)])',
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

const OF_WHAT_STOPS: readonly Written[] = [
  {
    name: 'pause',
    harm: 'what is paused is started',
    breaks: ['line'],
    file: 'src/domain/line/pauses.ts',
    from: 'return pauses.some((pause) => (pause.token ?? token) === token &&',
    to: "return pauses.some((pause) => (pause.token ?? token) === '' &&",
  },
  {
    name: 'drained account pulls',
    harm: 'an account that is drained takes new jobs',
    breaks: ['line'],
    file: 'src/domain/accounts/drained.ts',
    from: 'if (isDrained !== true) return undefined',
    to: 'if (isDrained !== true || NEVER > 0) return undefined',
  },
  {
    name: 'hold without an end',
    harm: 'an item that names a job stays held after that job has completed',
    breaks: ['line'],
    file: 'src/durable/line/held-items.ts',
    from: "if (turn.kind === 'held' || isClosed()) return undefined",
    to: "if (turn.kind !== 'failed' || isClosed()) return undefined",
  },
  {
    name: 'not held',
    harm: 'an item is started although the job that it names has not completed',
    breaks: ['line', 'I7'],
    file: 'src/durable/line/enqueue.ts',
    from: 'return afterOf(items) !== undefined',
    to: "return afterOf(items) === ''",
  },
  {
    name: 'name in a text',
    harm: 'a name is replaced wherever it stands in a body, inside a longer text too',
    breaks: ['I7'],
    file: 'src/flows/queue/named-call.ts',
    from: 'const after = new Uint8Array(new TextEncoder().encode(splice(text, [...once.values()])))',
    to: 'const after = new Uint8Array(new TextEncoder().encode(Array.from(real).reduce((all, [name, id]) => all.replaceAll(name, id), once.size > 0 ? text : splice(text, []))))',
  },
  {
    name: 'body deleted first',
    harm: 'a report deletes the body before it is known what it says, and what goes back has none',
    breaks: ['line'],
    file: 'src/durable/line/reports.ts',
    from: 'const tries = last ? [...row.record.tries, last] : row.record.tries',
    to: "if (last) memory.items.save(row, 'dropped')\n  const tries = last ? [...row.record.tries, last] : row.record.tries",
  },
  {
    name: 'bulk answers swapped',
    harm: 'two answers of a bulk call are swapped',
    breaks: ['line'],
    file: 'src/flows/queue/bulk.ts',
    from: 'answers.push(...all.map(({ answer }) => shown(call, answer)))',
    to: 'answers.push(...all.map((one, at) => shown(call, (all[at ^ 1] ?? one).answer)))',
  },
  {
    name: 'weights',
    harm: 'starts are not shared by weight',
    breaks: ['line: of weights'],
    file: 'src/domain/queue/pass.ts',
    from: 'return Math.floor((ONE_START * slots) / weight)',
    to: 'return Math.floor((ONE_START * slots) / Math.max(1, Math.min(1, weight)))',
  },
  {
    name: 'priorities',
    harm: 'inside a token, what was asked first goes first, whatever its priority',
    breaks: ['line: '],
    file: 'src/domain/queue/effective-priority.ts',
    from: 'return Math.max(1, asked - Math.floor(Math.max(0, waitedMs) / stepMs))',
    to: 'return Math.max(1, Math.min(1, asked - Math.floor(Math.max(0, waitedMs) / stepMs)))',
  },
]

export const LINE: readonly PlantedFault[] = [
  ...[...IN_ONE_PLACE, ...OF_WHAT_STOPS].map(({ name, harm, breaks, ...sabotage }) => ({
    ...{ name, harm, breaks, sabotages: [sabotage] },
  })),
  ...IN_TWO_PLACES,
].map((fault) => ({ ...fault, isOfLine: true }))
