/** How long any of several things that overlap was under way. */
export class Stopwatch {
  #running = 0
  #since = 0
  #spent = 0

  /** Started now; call what it returns, once or oftener, when it is over. */
  start(now: number): (now: number) => void {
    if (this.#running === 0) this.#since = now
    this.#running += 1
    let isOver = false
    return (end) => {
      if (isOver) return
      isOver = true
      this.#running -= 1
      if (this.#running === 0) this.#spent += end - this.#since
    }
  }

  ms(now: number): number {
    return this.#spent + (this.#running > 0 ? now - this.#since : 0)
  }
}
