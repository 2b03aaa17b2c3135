/** Types of workerd that the handlers of requests need. Tests without a Worker have the types of Node. */
interface Env {}

interface SubtleCrypto {
  timingSafeEqual(a: BufferSource, b: BufferSource): boolean
}
