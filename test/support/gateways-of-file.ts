import { afterAll, afterEach, beforeEach } from 'vitest'
import { openGateway, type Gateway } from './gateway.ts'

/** Opens gateways for the tests of one file. Disposes of them after the last test, or after the test that opened one. */
export function gatewaysOfFile(): typeof openGateway {
  const ofFile: Gateway[] = []
  const ofTest: Gateway[] = []
  let isInTest = false
  const disposeOf = async (gateways: Gateway[]) => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.dispose()))
  }
  beforeEach(() => {
    isInTest = true
  })
  afterEach(async () => {
    isInTest = false
    await disposeOf(ofTest)
  })
  afterAll(() => disposeOf(ofFile))
  return async (options) => {
    const owner = isInTest ? ofTest : ofFile
    const gateway = await openGateway(options)
    owner.push(gateway)
    return gateway
  }
}
