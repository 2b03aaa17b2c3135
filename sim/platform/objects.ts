/**
 * Durable Objects: for each name at most one instance at a time, and its storage. Calls take time, may come twice, lose their answer,
 * or meet an object that has died. Instances die: when they were idle for a while, with their isolate, and at any statement.
 */
import { Dead, Disk, type DiskRates } from './disk.ts'
import type { Methods } from './build.ts'
import type { Isolate } from './isolates.ts'
import { Party } from '../world/party.ts'
import type { WorldEvent } from '../world/queue.ts'
import { CALL_FAULTS, fail, lostCall, remoteError, toWire } from './wire.ts'
import type { Socket } from './sockets.ts'
import type { Answer, World } from '../world/world.ts'

/** How often what goes wrong, from 0 to 1. */
export interface ObjectRates extends DiskRates {
  /** The call does not arrive; the caller hears of a lost connection. */
  loseCall: number
  /** The call is run, but its answer is lost. */
  loseAnswer: number
  doubleCall: number
  /** The object dies some milliseconds after a call arrived. */
  crashInCall: number
  /** The object dies right after it has asked something. */
  crashAsking: number
  /** Calls that take seconds. */
  slowCall: number
  /** Calls between objects that have no answer, ever. Plans of an earlier time do not say it. */
  hangCall?: number
}

export const CALM_OBJECTS: ObjectRates = {
  loseCall: 0,
  loseAnswer: 0,
  doubleCall: 0,
  crashAtStatement: 0,
  crashBeforeFlush: 0,
  crashInCall: 0,
  crashAsking: 0,
  slowCall: 0,
}

const LATENCY_MS = { least: 0.5, most: 30 }
/** An object that does nothing for this long sleeps: somewhere between. */
const IDLE_MS = { least: 10_000, most: 140_000 }
/** After a failed alarm the platform waits for this long, doubling, at most this often. */
const ALARM_RETRY_MS = 2000
const ALARM_TRIES = 6
const ALARM_LATE_MS = 30
/** No work rings so often in a minute: each alarm sets the next one. */
const RINGS_A_MINUTE_MAX = 1000

interface Call {
  label: string
  run: (instance: Methods) => unknown
  answer: Answer<Buffer>
}

interface Instance {
  party: Party
  methods: Methods
  calls: Set<Call>
  /** Calls that came while `blockConcurrencyWhile` ran. */
  inbox: Call[]
  isBlocked: boolean
}

export class HostedObject {
  readonly name: string
  readonly disk: Disk
  rings = 0
  #minute = { since: 0, rings: 0 }
  /** How many instances it has had. */
  wakes = 0
  /** Until then no call reaches it, as while it is moved. Epoch ms. */
  unreachableUntil = 0
  /** If only calls of one method do not arrive. */
  unreachableMethod: string | undefined
  rates: () => ObjectRates = () => CALM_OBJECTS
  /** By how much clocks differ: an alarm never rings before its time by the clock of its object. */
  alarmLateMs = 0
  /** Calls that arrived, alarms included. */
  requests = 0
  readonly #world: World
  readonly #built: 'AccountSlots' | 'TenantDesk'
  readonly #pickIsolate: () => Isolate
  #instance: Instance | undefined
  readonly #sockets = new Set<Socket>()
  #lastActive = 0
  #idleMs = Infinity
  #alarmEvent: WorldEvent | undefined
  /** When the alarm that rings was due, until it has run. */
  #ringing: { at: number; tries: number } | undefined

  constructor(
    world: World,
    name: string,
    built: 'AccountSlots' | 'TenantDesk',
    pickIsolate: () => Isolate
  ) {
    this.#world = world
    this.name = name
    this.#built = built
    this.#pickIsolate = pickIsolate
    this.disk = new Disk(world, name)
    this.disk.onDurable = () => this.#armAlarm()
    this.disk.onDeath = (why, isInTurn) => this.crash(why, isInTurn)
    this.disk.rates = () => this.rates()
  }

  get #rates(): ObjectRates {
    return this.rates()
  }

  get isAwake(): boolean {
    return this.#instance !== undefined && !this.#instance.party.isDead
  }

  receive(label: string, run: Call['run'], answer: Call['answer']): void {
    this.requests += 1
    const rates = this.#rates
    const { chance } = this.#world
    const instance = this.#awake()
    if (!instance) return answer(1, () => fail(lostCall(CALL_FAULTS[1])))
    const call: Call = { label, run, answer }
    instance.calls.add(call)
    if (chance.isHit('crash in call', rates.crashInCall))
      this.#world.after(chance.between('crash in', 0, 300), `crash ${this.name}`, undefined, () =>
        this.crash('in call')
      )
    if (instance.isBlocked) instance.inbox.push(call)
    else this.#start(instance, call)
  }

  #start(instance: Instance, call: Call): void {
    if (!instance.calls.has(call)) return
    const { party } = instance
    const end = (outcome: () => Buffer) => {
      if (party.isDead || !instance.calls.has(call)) return
      this.#noteActive()
      // Until the answer has left, a crash still takes it away.
      const send = () => {
        instance.calls.delete(call)
        call.answer(this.#latency(), outcome)
      }
      if (this.disk.isShut) this.disk.afterOpening(send)
      else send()
    }
    party.run(() => {
      Promise.resolve()
        .then(() => call.run(instance.methods))
        .then(
          (value) => {
            const bytes = toWire(value)
            end(() => bytes)
          },
          (error: unknown) => end(() => fail(remoteError(error)))
        )
        .catch((error: unknown) => this.#world.errors.push(`${call.label}: ${String(error)}`))
    })
  }

  #latency(): number {
    return this.#world.chance.between('object latency', LATENCY_MS.least, LATENCY_MS.most)
  }

  #noteActive(): void {
    this.#lastActive = this.#world.now
    this.#idleMs = this.#world.chance.between('idle', IDLE_MS.least, IDLE_MS.most)
  }

  /** An instance, a new one if the last one died or fell asleep. */
  #awake(): Instance | undefined {
    const last = this.#instance
    const isIdle =
      last !== undefined &&
      last.calls.size === 0 &&
      last.party.pending === 0 &&
      !this.disk.isShut &&
      this.#world.now - this.#lastActive > this.#idleMs
    if (last && isIdle) {
      this.#world.note(`sleep ${this.name}`)
      last.party.kill()
    }
    if (last && !last.party.isDead) {
      this.#noteActive()
      return last
    }
    return this.#wake()
  }

  #wake(): Instance | undefined {
    const isolate = this.#pickIsolate()
    const party = new Party(this.name, { parent: isolate.party, gate: this.disk })
    const instance: Instance = {
      party,
      methods: {},
      calls: new Set(),
      inbox: [],
      isBlocked: false,
    }
    // Not within the step that asks: what follows there has no effect, but it still runs.
    party.fate = {
      of: 'object',
      rate: () => this.rates().crashAsking,
      die: () => void this.#world.after(0, `crash ${this.name}`, party, () => this.crash('asking')),
    }
    this.wakes += 1
    this.#world.note(`wake ${this.name} in ${isolate.name}`)
    this.#instance = instance
    this.#noteActive()
    isolate.onDeath(() => {
      if (this.#instance === instance) this.crash('isolate')
    })
    try {
      const built = isolate.build[this.#built]
      instance.methods = party.run(() => new built(this.#contextOf(instance), isolate.env))
    } catch (error) {
      if (!(error instanceof Dead)) throw error
      return undefined
    }
    return instance
  }

  #contextOf(instance: Instance): unknown {
    const { disk } = this
    const live = () => {
      if (instance.party.isDead) throw new Dead(this.name)
    }
    const storage = {
      sql: {
        exec: (text: string, ...values: never[]) => {
          live()
          return disk.exec(text, values)
        },
      },
      transactionSync: <T>(work: () => T) => {
        live()
        return disk.transactionSync(work)
      },
      getAlarm: async () => disk.alarm,
      setAlarm: async (at: number | Date) => {
        live()
        disk.setAlarm(Number(at))
      },
      deleteAlarm: async () => {
        live()
        disk.setAlarm(null)
      },
    }
    return {
      id: { name: this.name.slice(this.name.indexOf(' ') + 1), toString: () => this.name },
      storage,
      waitUntil: (work: Promise<unknown>) => void work.catch(() => {}),
      blockConcurrencyWhile: (work: () => Promise<unknown>) => this.#block(instance, work),
      getWebSockets: () => [...this.#sockets],
      setWebSocketAutoResponse: () => {},
      acceptWebSocket: (socket: Socket) => this.#hold(socket),
    }
  }

  /** What arrives wakes the object. */
  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    const arrive = (method: string, ...values: unknown[]) =>
      this.receive(
        method,
        (methods) => methods[method]?.(socket, ...values),
        () => {}
      )
    const onMessage = (text: string) => arrive('webSocketMessage', text)
    const onClose = (code: number) => {
      this.#sockets.delete(socket)
      arrive('webSocketClose', code)
    }
    socket.listen({ onMessage, onClose })
  }

  async #block<T>(instance: Instance, work: () => Promise<T>): Promise<T> {
    instance.isBlocked = true
    try {
      return await work()
    } finally {
      instance.isBlocked = false
      for (const call of instance.inbox.splice(0)) this.#start(instance, call)
    }
  }

  /** The instance dies, now. Its callers hear of it. `isInTurn`: in the middle of its code. */
  crash(why: string, isInTurn = false): void {
    const instance = this.#instance
    if (!instance) return
    this.#instance = undefined
    this.#world.note(`die ${this.name} ${why}`)
    const wasRinging = this.#ringing !== undefined
    this.#ringing = undefined
    instance.party.kill()
    for (const socket of this.#sockets) socket.close(1006)
    this.#sockets.clear()
    this.disk.crash(isInTurn)
    if (wasRinging) this.#armAlarm(ALARM_RETRY_MS)
    for (const { answer } of instance.calls)
      answer(this.#latency(), () => fail(lostCall(CALL_FAULTS[1])))
    instance.calls.clear()
    instance.inbox = []
  }

  #armAlarm(afterMs = 0): void {
    const due = this.disk.durableAlarm
    if (this.#alarmEvent) this.#alarmEvent.isDropped = true
    this.#alarmEvent = undefined
    if (due === null || this.#ringing) return
    const late = this.alarmLateMs + this.#world.chance.between('alarm late', 0, ALARM_LATE_MS)
    const at = Math.max(due + late, this.#world.now + afterMs)
    this.#alarmEvent = this.#world.at(at, `ring ${this.name}`, undefined, () => this.#ring(due))
  }

  #ring(due: number, tries = 0): void {
    this.#alarmEvent = undefined
    this.#ringing = { at: due, tries }
    this.#countRing()
    this.disk.takeAlarm()
    const ringing = this.#ringing
    this.receive(
      `alarm ${this.name}`,
      (methods) => methods['alarm']?.(),
      (_, outcome) => {
        if (this.#ringing !== ringing) return
        this.#ringing = undefined
        try {
          outcome()
        } catch {
          if (tries + 1 < ALARM_TRIES) return this.#ringAgain(due, tries + 1)
        }
        this.#endAlarm()
      }
    )
  }

  #countRing(): void {
    const { now } = this.#world
    this.rings += 1
    if (now - this.#minute.since > 60_000) this.#minute = { since: now, rings: 0 }
    this.#minute.rings += 1
    if (this.#minute.rings === RINGS_A_MINUTE_MAX)
      this.#world.stuck ??= `I2 ${this.name} woke ${RINGS_A_MINUTE_MAX} times within a minute`
  }

  #ringAgain(due: number, tries: number): void {
    const ms = ALARM_RETRY_MS * 2 ** (tries - 1)
    this.#world.after(ms, `ring again ${this.name}`, undefined, () => this.#ring(due, tries))
  }

  /** The alarm has run: it is no longer durable, unless another was set. */
  #endAlarm(): void {
    this.disk.endAlarm()
    this.#armAlarm()
  }
}
