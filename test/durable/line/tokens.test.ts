/** Tokens whose items wait: removed, expired, lapsed, changed, or not to be read. */
import { expect, test } from 'vitest'
import { PlayedDesk, type PlayedAccount } from '../../support/queue/desk-line.ts'

function open(): { desk: PlayedDesk; a: PlayedAccount } {
  const desk = new PlayedDesk()
  return { desk, a: desk.addAccount('a') }
}

/** KV still has the token for a while. */
function removeToken(desk: PlayedDesk, hash: string): void {
  desk.copies.set(hash, desk.tokens.get(hash) ?? {})
  desk.tokens.delete(hash)
}

test('a removed token’s 900 items start nothing more, and all ends are told, though KV still has the token', async () => {
  const { desk, a } = open()
  const items = await desk.enqueue(...desk.newItems(900, { token: 'gone' }))
  const [other] = await desk.enqueue(desk.newItem({ token: 'other' }))
  removeToken(desk, 'hash-gone')
  await desk.line.tokenChanged('hash-gone')
  await desk.settle()
  expect((await desk.ask(a, 9)).work.map(({ item }) => item)).toEqual([other])
  expect(desk.ends.map(({ item }) => item).toSorted()).toEqual(items.toSorted())
  expect(new Set(desk.ends.map(({ reason }) => reason))).toEqual(new Set(['token_removed']))
  // A Worker elsewhere may take its calls for a minute more.
  desk.now += 31_000
  const late = desk.newItem({ token: 'gone' })
  desk.tokens.delete('hash-gone')
  await desk.enqueue(late)
  expect((await desk.ask(a, 9, { underWay: [other ?? ''] })).work).toEqual([])
  await desk.ring(30_000)
  expect(desk.ends.at(-1)).toMatchObject({ item: late.item, reason: 'token_removed' })
  expect(desk.rows().filter(({ is_gone: isGone, item }) => isGone === 0 && item !== other)).toEqual(
    []
  )
})

test('the desk finds a removal itself, if nobody told it', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'gone' }))
  desk.restart()
  desk.tokens.delete('hash-gone')
  expect(await desk.ask(a)).toMatchObject({ work: [], isMore: false })
  await desk.ring(30_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'token_removed' }])
})

test('an expired token starts nothing from that moment on', async () => {
  const { desk, a } = open()
  desk.addToken('brief', { expiresAt: desk.now + 10_000 })
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'brief' }))
  desk.now += 10_000
  expect((await desk.ask(a)).work).toEqual([])
  await desk.ring(20_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'token_removed' }])
})

test('what was chosen before its token was removed comes again, and may not start', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'gone' }))
  await desk.ask(a)
  removeToken(desk, 'hash-gone')
  await desk.line.tokenChanged('hash-gone')
  const { work } = await desk.ask(a)
  expect(work).toMatchObject([{ item, mayStart: false }])
  const leaseId = work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'may not start' }])
  await desk.ring(30_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'token_removed' }])
})

test('items of a lapsed token wait, and go on when it is active again', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'late' }))
  desk.addToken('late', { subscription: 'lapsed' })
  await desk.line.tokenChanged('hash-late')
  await desk.settle()
  expect(await desk.ask(a)).toMatchObject({ work: [], isMore: false })
  expect(desk.stateOf(item)).toBe('waiting')
  desk.addToken('late')
  desk.now += 1
  desk.calls = []
  await desk.line.tokenChanged('hash-late')
  await desk.settle()
  expect(desk.calls).toEqual([a.key])
  expect((await desk.ask(a)).work).toMatchObject([{ item }])
})

test('a token that cannot be read is stepped over, and stops no other', async () => {
  const { desk, a } = open()
  const [item = '', other] = await desk.enqueue(
    desk.newItem({ token: 'unread' }),
    desk.newItem({ token: 'read' })
  )
  desk.restart()
  const { get } = desk.tokens
  desk.tokens.get = (hash) => {
    if (hash === 'hash-unread') throw new Error('KV is away')
    return get.call(desk.tokens, hash)
  }
  expect((await desk.ask(a, 9)).work.map((one) => one.item)).toEqual([other])
  expect(desk.stateOf(item)).toBe('waiting')
  desk.tokens.get = get
  expect((await desk.ask(a, 9, { underWay: [other ?? ''] })).work).toMatchObject([{ item }])
})

test('a token of which no answer ever comes is stepped over, too', async () => {
  const { desk, a } = open()
  const [, other] = await desk.enqueue(
    desk.newItem({ token: 'hangs' }),
    desk.newItem({ token: 'read' })
  )
  desk.restart()
  const { get } = desk.tokens
  desk.tokens.get = (hash) =>
    hash === 'hash-hangs' ? (new Promise(() => {}) as never) : get.call(desk.tokens, hash)
  desk.giveUp = true
  expect((await desk.ask(a, 9)).work.map((one) => one.item)).toEqual([other])
})

test('a token is looked at once in 30 s, however often the account asks', async () => {
  const { desk, a } = open()
  let looks = 0
  const { get } = desk.tokens
  desk.tokens.get = (hash) => {
    looks += 1
    return get.call(desk.tokens, hash)
  }
  await desk.enqueue(...desk.newItems(50))
  for (let asked = 0; asked < 10; asked += 1) await desk.ask(a)
  expect(looks).toBe(1)
  desk.now += 30_000
  await desk.ask(a)
  expect(looks).toBe(2)
})

test('a token’s weight and class count, and stand in its row for the time after a restart', async () => {
  const { desk, a } = open()
  desk.addToken('urgent', { maxPriority: 1 })
  desk.addToken('usual')
  await desk.enqueue(desk.newItem({ token: 'usual', priority: 1 }))
  const [first, second] = await desk.enqueue(...desk.newItems(2, { token: 'urgent', priority: 1 }))
  expect((await desk.ask(a)).work).toMatchObject([{ item: first }])
  desk.restart()
  const underWay = [first ?? '']
  expect((await desk.ask(a, 1, { underWay })).work).toMatchObject([{ item: second }])
})

test('the row of a token that is gone goes once nothing of it is in the line', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(...desk.newItems(2, { token: 'gone' }))
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.line.report(a.key, [desk.begun(item, leaseId, a)])
  const rows = () => desk.storage.sql.exec('SELECT token FROM token_line').toArray()
  expect(rows()).toHaveLength(1)
  removeToken(desk, 'hash-gone')
  await desk.line.tokenChanged('hash-gone')
  // Nobody is told twice, and the look finds nothing else to do.
  await desk.ring(30_000)
  await desk.ring(30_000)
  expect(desk.ends).toHaveLength(1)
  await desk.enqueue(desk.newItem({ token: 'other' }))
  await desk.ring(30_000)
  expect(rows()).toEqual([])
})

test('a token that had no turn for a week leaves no row', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.line.report(a.key, [desk.begun(item, leaseId, a)])
  const rows = () => desk.storage.sql.exec('SELECT token FROM token_line').toArray()
  const [day, keep] = [86_400_000, 90 * 86_400_000]
  desk.line.forget((desk.now += 6 * day), keep)
  expect(rows()).toHaveLength(1)
  desk.line.forget((desk.now += day), keep)
  expect(rows()).toEqual([])
})

/** An item of the token `gone` that waits for a job of another token. */
async function heldAfterRestart() {
  const { desk } = open()
  const first = desk.newItem({ token: 'other' })
  const held = desk.newItem({ token: 'gone' })
  held.record.named = [{ name: first.record.names[0] ?? '', item: first.item }]
  await desk.enqueue(first, held)
  desk.restart()
  return { desk, held }
}

test('a removed token’s items that wait for another job end at once, also after a restart', async () => {
  const { desk, held } = await heldAfterRestart()
  expect(desk.stateOf(held.item)).toBe('held')
  removeToken(desk, 'hash-gone')
  await desk.line.tokenChanged('hash-gone')
  await desk.settle()
  expect(desk.ends).toMatchObject([{ item: held.item, reason: 'token_removed' }])
})

test('the desk finds the removal of a token itself, if all of its items wait for other jobs', async () => {
  const { desk, held } = await heldAfterRestart()
  desk.tokens.delete('hash-gone')
  await desk.ring(30_000)
  expect(desk.ends).toMatchObject([{ item: held.item, reason: 'token_removed' }])
})

test('a look that began before a change of the token does not undo it', async () => {
  const { desk, a } = open()
  await desk.enqueue(desk.newItem({ token: 'late' }))
  const active = desk.tokens.get('hash-late')
  const read = Promise.withResolvers<typeof active>()
  const { get } = desk.copies
  desk.copies.get = () => read.promise as never
  desk.now += 31_000
  const asked = desk.ask(a)
  desk.copies.get = get
  desk.now += 1
  desk.addToken('late', { subscription: 'lapsed' })
  await desk.line.tokenChanged('hash-late')
  read.resolve(active)
  expect((await asked).work).toEqual([])
})

test('an older copy of a token does not undo a change, and the registrar says how the token is', async () => {
  const { desk, a } = open()
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'late' }))
  desk.copies.set('hash-late', desk.tokens.get('hash-late') ?? {})
  desk.addToken('late', { subscription: 'lapsed', changes: 1 })
  desk.now += 1
  await desk.line.tokenChanged('hash-late')
  desk.now += 31_000
  expect((await desk.ask(a)).work).toEqual([])
  // Meanwhile it is active again, of which nobody told the desk.
  desk.addToken('late', { changes: 2 })
  desk.now += 31_000
  expect((await desk.ask(a)).work).toMatchObject([{ item }])
})

/** A pause of the token at all accounts, one at this account, and those of others. */
function pauseAll(desk: PlayedDesk, lane: string): void {
  for (const token of ['gone', 'other'])
    for (const pause of [{ token }, { token, lane }]) desk.line.pause(pause)
  desk.line.pause({ lane })
}

test.each([
  ['the desk is told', (desk: PlayedDesk) => desk.line.tokenChanged('hash-gone', 'gone')],
  [
    'nobody tells the desk',
    async (desk: PlayedDesk) => {
      desk.line.forget(desk.now, 90 * 86_400_000)
      await desk.settle()
    },
  ],
])('the pauses of a removed token end with it, and no others: %s', async (_, hear) => {
  const { desk, a } = open()
  const lane = `${a.email} ${a.createdAt}`
  desk.addToken('gone')
  desk.addToken('other', { expiresAt: desk.now - 1 })
  pauseAll(desk, lane)
  const left = [{ token: 'other' }, { token: 'other', lane }, { lane }]
  removeToken(desk, 'hash-gone')
  await hear(desk)
  expect(desk.line.pauses()).toEqual(left)
  desk.restart()
  expect(desk.line.pauses()).toEqual(expect.arrayContaining(left))
  expect(desk.line.pauses()).toHaveLength(3)
})
