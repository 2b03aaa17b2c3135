/**
 * Lets one workerd run many Workers, one after the other. Starting workerd takes a second, a renewal milliseconds.
 * `POST /__renew {vars}` ends the last Worker: it waits for its requests, deletes the storage of its objects, aborts them and
 * empties KV. Then it begins another Worker with `vars`. An isolate keeps its caches by `env` (src/composition/make-ports.ts),
 * and each Worker has an `env` of its own. For entries of runWorker, never deployed.
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

/** The `env` of the present Worker. All its requests and objects get the same one. */
export function envOfTurn<E extends object>(env: E): E {
  own ??= { ...env }
  return own as E
}

/** Remembers an object, so that a renewal can wipe it. Call it in the object's constructor. */
export function noteObject(ctx: DurableObjectState, namespace: unknown): DurableObjectState {
  objects.set(ctx.id.toString(), namespace as DurableObjectNamespace)
  return ctx
}

/** Deletes an object's storage and alarm, then aborts the object and all its work. */
export async function wipeObject(ctx: DurableObjectState): Promise<void> {
  await ctx.storage.deleteAlarm()
  await ctx.storage.deleteAll()
  await ctx.storage.sync()
  objects.delete(ctx.id.toString())
  ctx.abort('renewed')
}

/** Counts a request and its `waitUntil` work as pending until both are done. */
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
      // The call fails, because the object aborts itself.
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

/** Repeats until nothing is left, because work that waits for an aborted object may call another object. */
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

/** Gives each Worker its own counts, so that failures in one turn do not count in the next. */
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
  // When a reader has read this line, it has read all lines of the last turn.
  console.log(`renewed ${String(turn)}`)
  return Response.json({ turn })
}
