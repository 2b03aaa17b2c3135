import { afterEach } from 'vitest'
import { openGateway, type Gateway } from './gateway.ts'

/** For files whose tests open a gateway each: it is disposed of after its test. */
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
