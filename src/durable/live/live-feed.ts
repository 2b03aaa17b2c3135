/**
 * Pushes an account's summary to the hubs that observe it, after each change and at most once a second. Any write to the object's
 * tables counts as a change, so no change is forgotten. A push that fails is dropped: the next change or the hub's next question
 * brings the summary.
 */
import { tenantOfHub } from '#domain/live/hub.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'
import type { LiveContext } from './context.ts'

interface Observer {
  until: number
  /** The summary that the hub has, without its time. */
  has?: string
}

export class LiveFeed {
  readonly #context: LiveContext
  readonly #summaryFor: (tenant: string) => PoolAccount | undefined
  /** By the hub's name. Undefined: the rows were not read yet. */
  #observers: Map<string, Observer> | undefined
  #isDirty = false
  #isRunning = false

  constructor(context: LiveContext, summaryFor: (tenant: string) => PoolAccount | undefined) {
    this.#context = context
    this.#summaryFor = summaryFor
  }

  /** Pushes to this hub until then. Returns the summary as it is now. */
  observe(hub: string, tenant: string, until: number): PoolAccount | undefined {
    const summary = this.#summaryFor(tenantOfHub(hub) ?? tenant)
    if (!summary) return undefined
    this.#known().set(hub, { until, has: textOf(summary) })
    this.#context.tables.live.saveObserver(hub, until, this.#context.now())
    return summary
  }

  /** Whether a page is open. */
  get isObserved(): boolean {
    const now = this.#context.now()
    return [...this.#known().values()].some(({ until }) => until > now)
  }

  /** Called after each write. Costs nothing while nobody observes. */
  changed(): void {
    if (!this.isObserved) return
    this.#isDirty = true
    if (this.#isRunning) return
    this.#isRunning = true
    const running = this.#run().finally(() => (this.#isRunning = false))
    this.#context.defer(running)
  }

  async #run(): Promise<void> {
    while (this.#isDirty) {
      // Lets the step end that made the change, since it may write more.
      await Promise.resolve()
      this.#isDirty = false
      const observers = [...this.#known()].filter(([, { until }]) => until > this.#context.now())
      const pushes = observers.map(([hub, observer]) => this.#push(hub, observer))
      const isPushed = (await Promise.all(pushes)).includes(true)
      if (isPushed) await this.#context.pause()
    }
  }

  /** True: the hub was called. */
  async #push(hub: string, observer: Observer): Promise<boolean> {
    const { tables, ports } = this.#context
    try {
      const tenant = tenantOfHub(hub) ?? tables.account()?.tenant
      const summary = tenant === undefined ? undefined : this.#summaryFor(tenant)
      // The account was removed, or has another tenant now, whose account this hub must not see.
      if (!summary) {
        this.#drop(hub)
        return false
      }
      const text = textOf(summary)
      if (text === observer.has) return false
      if (await ports().hub(hub).push(summary)) observer.has = text
      else this.#drop(hub)
    } catch {
      // The next change brings the summary.
    }
    return true
  }

  #drop(hub: string): void {
    this.#known().delete(hub)
    this.#context.tables.live.dropObserver(hub)
  }

  #known(): Map<string, Observer> {
    this.#observers ??= new Map(
      this.#context.tables.live.observers().map(({ hub, until }) => [hub, { until }])
    )
    return this.#observers
  }
}

function textOf(summary: PoolAccount): string {
  return JSON.stringify({ ...summary, at: '' })
}
