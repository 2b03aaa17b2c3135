import { afterEach } from 'vitest'
import { openGateway, type Gateway } from './gateway.ts'

/** For files in which each test opens its own gateway. Disposes of it after the test. */
export function gatewaysOfTests(): typeof openGateway {
  const open: Gateway[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((gateway) => gateway.dispose()))
  })
  return async (options) => {
    const gateway = await openGateway(options)
    open.push(gateway)
    return gateway
  }
}
