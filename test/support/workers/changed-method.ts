/** For Workers of tests: changes a method of every object of a class, so that its calls get lost, come late or never end. */

export type Method = (...args: unknown[]) => Promise<unknown>

/**
 * `change` makes the new method out of the usual one. The result is one `env` for each `env`, because an isolate keeps its caches
 * by it.
 */
export function changedMethod(
  name: string,
  change: (usual: Method) => Method,
  binding: 'ACCOUNT_SLOTS' | 'TENANT_DESK' = 'ACCOUNT_SLOTS'
): (env: Env) => Env {
  const known = new WeakMap<Env, Env>()
  return (env) => {
    const before = known.get(env)
    if (before) return before
    const getByName = (object: string) => {
      const stub = env[binding].getByName(object) as unknown as Record<string, Method>
      const usual: Method = (...args) => stub[name]?.(...args) ?? Promise.reject(new Error(name))
      const changed = change(usual)
      return new Proxy(stub, {
        get: (slots, key): unknown => (key === name ? changed : Reflect.get(slots, key)),
      })
    }
    const own = { ...env, [binding]: { ...env[binding], getByName } } as unknown as Env
    known.set(env, own)
    return own
  }
}
