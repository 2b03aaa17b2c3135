/** Measures the time during which at least one of several overlapping tasks runs. */
export class Stopwatch {
  #running = 0
  #since = 0
  #spent = 0

  /** Starts a task. Call the returned function at its end; later calls do nothing. */
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
