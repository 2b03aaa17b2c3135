/** A creation under an Idempotency-Key: run once, then replayed. Without a key it is just run. */
import { AppError } from '#domain/errors.ts'
import { KEPT_ANSWER_CHARS_MAX, KEY_FORM, type KeptAnswer } from '#domain/idempotency.ts'
import type { Desk, KeyEnd, Ports } from '#domain/ports.ts'
import { unknownOutcome } from './outcome-unknown.ts'
import type { ProxyAnswer, ReadCall } from './proxy-call.ts'

export async function onceByKey(
  ports: Ports,
  call: ReadCall,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const key = call.headers.get('idempotency-key')
  if (key === null) return run()
  if (!KEY_FORM.test(key)) {
    throw new AppError('bad_request', 'Idempotency-Key: 1 to 255 of A-Z a-z 0-9 _ : . -')
  }
  const desk = ports.desk(call.tenant, call.provider.name)
  const name = `${call.method} ${call.path} ${key}`
  const turn = await desk.beginKey(name, call.requestId)
  if (turn.kind === 'replay') return toAnswer(ports, call, turn.answer)
  if (turn.kind === 'unknown') throw unknownOutcome(call.provider.name, turn.requestId, turn.email)
  if (turn.kind === 'running') {
    const message = 'A request with this Idempotency-Key is still in progress.'
    throw new AppError('request_in_progress', message)
  }
  return runOnce(ports, call, { desk, name }, run)
}

async function runOnce(
  ports: Ports,
  call: ReadCall,
  { desk, name }: { desk: Desk; name: string },
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const end = (how: KeyEnd) =>
    desk
      .endKey(name, call.requestId, how)
      .catch(() => ports.log('key_not_ended', { requestId: call.requestId }))
  const answer = await run().catch(async (error: unknown) => {
    const isUnknown = error instanceof AppError && error.code === 'outcome_unknown'
    const email = error instanceof AppError ? error.details.accountEmail : undefined
    const unknown: KeyEnd = { kind: 'unknown', ...(email === undefined ? {} : { email }) }
    await end(isUnknown || !(error instanceof AppError) ? unknown : { kind: 'forget' })
    throw error
  })
  // Whatever keeps the answer from being kept, it was given: the key never starts it again.
  await end(await endOf(ports, call, answer).catch((): KeyEnd => ({ kind: 'unknown' })))
  return answer
}

/** Only JSON is kept. Sound that streams, or what is too large, is remembered as done without being replayed. */
async function endOf(ports: Ports, call: ReadCall, kept: ProxyAnswer): Promise<KeyEnd> {
  const { response, email, jobIds } = kept
  if (!response.ok) return { kind: 'forget' }
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  if (!isJson) return { kind: 'unknown', ...(email === undefined ? {} : { email }) }
  const text = await response.clone().text()
  const who = email === undefined ? {} : { email }
  if (text.length > KEPT_ANSWER_CHARS_MAX) return { kind: 'unknown', ...who }
  const body = await ports.vault.seal(sealName(call), text)
  const contentType = response.headers.get('content-type') ?? 'application/json'
  const answer: KeptAnswer = {
    status: response.status,
    contentType,
    body,
    ...who,
    ...(jobIds ? { jobIds } : {}),
  }
  return { kind: 'keep', answer }
}

async function toAnswer(ports: Ports, call: ReadCall, kept: KeptAnswer): Promise<ProxyAnswer> {
  const { status, contentType, body, email, jobIds } = kept
  const text = await ports.vault.open(sealName(call), body)
  const response = new Response(text, { status, headers: { 'content-type': contentType } })
  return { response, ...(email === undefined ? {} : { email }), ...(jobIds ? { jobIds } : {}) }
}

/** Answers of streaming sessions hold tokens, so none is kept open. */
function sealName(call: ReadCall): string {
  return `idempotency/${call.provider.name}/${call.tenant}`
}
