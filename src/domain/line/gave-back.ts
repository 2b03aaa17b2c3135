/** Items that an account gave back, and clients that found it full. It is not given them again for some seconds. Only in memory. */
const FOR_MS = 5000

export class GaveBack {
  readonly #byAccount = new Map<string, Map<string, number>>()

  note(account: string, id: string, now: number): void {
    const own = this.#byAccount.get(account) ?? new Map<string, number>()
    this.#byAccount.set(account, own.set(id, now))
  }

  by(account: string, now: number): Set<string> {
    const own = this.#byAccount.get(account)
    for (const [id, at] of own ?? []) if (at <= now - FOR_MS) own?.delete(id)
    if (own?.size === 0) this.#byAccount.delete(account)
    return new Set(own?.keys())
  }

  clear(): void {
    this.#byAccount.clear()
  }
}
