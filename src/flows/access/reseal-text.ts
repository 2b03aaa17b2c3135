/** Re-seals texts that an older master key sealed with the first master key, and counts them. */
import { nothingFound, type ResealStep, type SealedKind } from '#domain/access/reseal.ts'
import type { Vault } from '#domain/ports/ports.ts'
import { keyIdOf } from '#domain/access/sealed-text.ts'

const EXAMPLES_MAX = 20

export interface Whose {
  tenant?: string
  name?: string
}

export class Resealer {
  readonly step: ResealStep = nothingFound()
  readonly #vault: Vault

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** Returns the re-sealed text; undefined: the text has the first key already, or no key opens it. */
  async text(
    what: SealedKind,
    identity: string,
    sealed: string | undefined,
    whose: Whose
  ): Promise<string | undefined> {
    if (sealed === undefined) return undefined
    const keyId = keyIdOf(sealed)
    if (keyId === this.#vault.firstKey) return undefined
    try {
      const resealed = await this.#vault.seal(identity, await this.#vault.open(identity, sealed))
      const { resealed: counts, byKey } = this.step
      counts[what] = (counts[what] ?? 0) + 1
      byKey[keyId] = (byKey[keyId] ?? 0) + 1
      return resealed
    } catch {
      const { byKey, examples } = this.step.unreadable
      byKey[keyId] = (byKey[keyId] ?? 0) + 1
      if (examples.length < EXAMPLES_MAX) examples.push({ what, keyId, ...whose })
      return undefined
    }
  }
}
