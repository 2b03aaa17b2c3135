/** Settings that would be unsafe where the gateway is reached, refused by name. */
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { MASTER_KEYS, UNPUBLISHED_KEYS, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
const OWN_KEY = { MASTER_KEYS: UNPUBLISHED_KEYS }
const FAR = ['gateway.example.com', '127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1']

/** workerd takes the address of a request from its Host, as Cloudflare's edge does from its own. */
function askAs(
  one: Gateway,
  host: string,
  at = '/heygen/v3/users/me'
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: 'Bearer wrong' }
    const sent = request(one.url + at, { headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function expectRefusedFar(gateway: Gateway, setting: string): Promise<void> {
  for (const host of ['localhost', '127.0.0.1:99', '[::1]:8787']) {
    expect([host, (await askAs(gateway, host)).status]).toEqual([host, 401])
    expect([host, (await askAs(gateway, host, '/healthz')).status]).toEqual([host, 200])
  }
  for (const host of FAR) {
    const { status, text } = await askAs(gateway, host)
    expect([host, status]).toEqual([host, 500])
    expect(text).toContain(`The setting ${setting} `)
    expect(text).not.toContain(MASTER_KEYS.slice(3))
    // A monitor outside must not be told that all is well.
    const health = await askAs(gateway, host, '/healthz')
    expect([host, health.status]).toEqual([host, 503])
    expect(health.text).toContain(`The setting ${setting} `)
  }
}

test('a gateway whose time is scaled answers on loopback alone, and names the setting elsewhere', async () => {
  await expectRefusedFar(await open({ timeScale: 20, vars: OWN_KEY }), 'TIME_SCALE')
})

test('a key that stands in this repository opens nothing at an address that is not loopback [I6]', async () => {
  await expectRefusedFar(await open(), 'MASTER_KEYS')
})

test('without either the gateway answers at every address', async () => {
  const gateway = await open({ vars: OWN_KEY })
  for (const host of FAR) expect([host, (await askAs(gateway, host)).status]).toEqual([host, 401])
})
