/**
 * Remembers what was read from tables that only this object writes. Whoever writes them must call `forget` after the write, and
 * nothing may read them between a write and the end of its transaction. So a write that is rolled back is never remembered.
 */
export class Remembered<T> {
  readonly #read: () => T
  #known: { value: T } | undefined

  constructor(read: () => T) {
    this.#read = read
  }

  get value(): T {
    this.#known ??= { value: this.#read() }
    return this.#known.value
  }

  forget(): void {
    this.#known = undefined
  }
}
