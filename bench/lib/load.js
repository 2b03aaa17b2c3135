import { fork } from 'node:child_process'
import path from 'node:path'
export class LoadGenerator {
  #child
  constructor() {
    this.#child = fork(path.join(import.meta.dirname, 'load-process.ts'))
  }
  /** Throws if an answer was wrong: numbers of wrong answers mean nothing. */
  async run(load) {
    const measured = await new Promise((resolve, reject) => {
      this.#child.once('message', (message) => resolve(message))
      this.#child.once('exit', () => reject(new Error('the load generator ended')))
      this.#child.send(load)
    })
    this.#child.removeAllListeners('exit')
    if ('error' in measured) throw new Error(measured.error)
    if (measured.wrong > 0)
      throw new Error(`${measured.wrong} wrong answers, such as ${measured.examples.join(' | ')}`)
    return measured
  }
  close() {
    this.#child.kill()
  }
}
