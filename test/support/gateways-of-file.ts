import { afterAll } from 'vitest'
import { openGateway, type Gateway } from './gateway.ts'

/** Opens gateways for the tests of one file, and disposes of them after the last. */
export function gatewaysOfFile(): typeof openGateway {
  const open: Gateway[] = []
  afterAll(async () => {
    await Promise.all(open.map((gateway) => gateway.dispose()))
  })
  return async (options) => {
    const gateway = await openGateway(options)
    open.push(gateway)
    return gateway
  }
}
