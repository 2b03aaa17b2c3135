/** The gateway as clients, steps and checkers see it: in the simulation (universe.ts), or in workerd (`sim/workerd/`). */
import type { ClientAnswer, ClientCall } from './isolates.ts'
import type { KvRates, KvStore } from './kv.ts'
import type { Network, NetworkRates } from './network.ts'
import type { HostedObject, ObjectRates } from './objects.ts'
import type { World } from '../world/world.ts'

export interface Rates {
  objects: ObjectRates
  network: NetworkRates
  kv: KvRates
}

export interface Front {
  readonly world: World
  readonly network: Network
  readonly kv: Pick<KvStore, 'entries' | 'reads' | 'writes'>
  /** Those that can be looked into. In workerd none can. */
  readonly objects: ReadonlyMap<string, HostedObject>
  objectsOf(label: 'ACCOUNT_SLOTS' | 'TENANT_DESK'): HostedObject[]
  setRates(rates: Rates): void
  call(call: ClientCall): Promise<ClientAnswer>
  /** Code of the gateway dies, with all that it does. */
  killIsolate(): void
  /** It gets other settings. */
  deploy(vars: Readonly<Record<string, string>>): Promise<void>
  /** From now on only the present build runs. */
  renew(): void
  /** Waits until the gateway owes nothing more. `isOwed`: whether it does, as far as clients see. */
  rest(isOwed: () => Promise<boolean>): Promise<void>
}
