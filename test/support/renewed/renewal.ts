/**
 * Lets one workerd be many Workers, one after the other: starting workerd costs a second of the machine, a renewal
 * milliseconds. `POST /__renew {vars}` ends all that the last one did (its objects are aborted with all that they keep,
 * KV is emptied, its requests are waited for) and begins another with `vars`. What an isolate keeps hangs on its `env`
 * (src/deps.ts), and each has an `env` of its own. For entries of runWorker, never deployed.
 */
const LOOK_MS = 2
const PATIENCE_MS = 1000

interface Renewed {
  wipe(): Promise<void>
}

interface Kept {
  REGISTRY?: KVNamespace
  AUTH_DAMPER?: RateLimit
}

const objects = new Map<string, DurableObjectNamespace>()
let turn = 0
let pending = 0
let own: object | undefined

/** The same object for all who work in one turn. */
export function envOfTurn<E extends object>(env: E): E {
  own ??= { ...env }
  return own as E
}

/** In an object's constructor. `namespace` is its own. */
export function noteObject(ctx: DurableObjectState, namespace: unknown): DurableObjectState {
  objects.set(ctx.id.toString(), namespace as DurableObjectNamespace)
  return ctx
}

/** Of an object: all that it keeps, then itself, with whatever it was doing. */
export async function wipeObject(ctx: DurableObjectState): Promise<void> {
  await ctx.storage.deleteAlarm()
  await ctx.storage.deleteAll()
  await ctx.storage.sync()
  objects.delete(ctx.id.toString())
  ctx.abort('renewed')
}

/** Counts the request, and what it leaves to be done after its answer. */
export async function counted<T>(ctx: ExecutionContext, answer: () => T | Promise<T>): Promise<T> {
  const waitUntil = ctx.waitUntil.bind(ctx)
  ctx.waitUntil = (promise) => {
    waitUntil(count(promise))
  }
  return count(answer())
}

async function count<T>(work: T | Promise<T>): Promise<T> {
  pending += 1
  try {
    return await work
  } finally {
    pending -= 1
  }
}

async function wipeObjects(): Promise<void> {
  await Promise.all(
    [...objects].map(async ([id, namespace]) => {
      const object = namespace.get(namespace.idFromString(id)) as unknown as Renewed
      // It ends by its own abort.
      await object.wipe().catch(() => undefined)
    })
  )
}

async function emptyKv(kv: KVNamespace): Promise<void> {
  for (;;) {
    const { keys } = await kv.list()
    if (keys.length === 0) return
    await Promise.all(keys.map(({ name }) => kv.delete(name)))
  }
}

/** What is aborted ends what waits for it, which may call another object once more. */
async function endTurn(env: Kept): Promise<boolean> {
  const end = Date.now() + PATIENCE_MS
  while (objects.size > 0 || pending > 0) {
    if (Date.now() > end) return false
    await wipeObjects()
    if (pending > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  if (env.REGISTRY) await emptyKv(env.REGISTRY)
  return true
}

/** Whoever fails a hundred times in one turn is unknown in the next. */
function damperOfTurn(damper: RateLimit, name: string): RateLimit {
  return { limit: ({ key }) => damper.limit({ key: `${name} ${key}` }) } as RateLimit
}

/** Undefined: the request is about something else. 409: something of the last turn does not end. */
export async function answerRenewal(
  request: Request,
  env: object,
  restart: () => void = () => undefined
): Promise<Response | undefined> {
  if (new URL(request.url).pathname !== '/__renew') return undefined
  const { vars } = (await request.json()) as { vars: Record<string, string> }
  const kept = env as Kept
  if (!(await endTurn(kept)))
    return Response.json({ pending, objects: objects.size }, { status: 409 })
  restart()
  turn += 1
  const damper = kept.AUTH_DAMPER && damperOfTurn(kept.AUTH_DAMPER, String(turn))
  own = { ...env, ...vars, ...(damper && { AUTH_DAMPER: damper }) }
  // All that was logged before has been read when this line is.
  console.log(`renewed ${String(turn)}`)
  return Response.json({ turn })
}
