/** Before the first test: the clients that test/clients is about (vitest.config.ts). */
import { installClients } from '../../scripts/install-clients.ts'

export function setup(): void {
  installClients(process.env.FULL === '1')
}
