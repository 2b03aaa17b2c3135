/** A gateway on a HeyGen that serves v3 only. `LEGACY` has its default. */
import type { Gateway, GatewayOptions } from '../../gateway.ts'

export async function openAfterSunset(
  open: (options: GatewayOptions) => Promise<Gateway>,
  { accounts = { a: 2, b: 2 }, ...options }: GatewayOptions = {}
): Promise<Gateway> {
  const gateway = await open(options)
  await gateway.sim.settings({ sunset: true })
  for (const [name, maxJobs] of Object.entries(accounts)) await gateway.addAccount(name, maxJobs)
  return gateway
}
