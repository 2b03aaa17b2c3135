/** The part of `node:async_hooks` that the meter uses. The types of workerd have none of it. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, work: () => R): R
    getStore(): T | undefined
  }
}
