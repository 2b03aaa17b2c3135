/** A page that looks at the pool live: a ticket, a socket, messages, and its end. */
import { ADMIN_TOKEN, ORIGIN } from '../platform/universe.ts'
import { keep, operate, ask, isGood, type Scene, type Tenant } from '../clients/scene.ts'

export async function openPage(
  scene: Scene,
  tenant: Tenant,
  { isOperator, forMs }: { isOperator: boolean; forMs: number }
): Promise<void> {
  const { world } = scene.universe
  const made = isOperator
    ? await operate(scene, 'POST', '/v1/live')
    : await ask(scene, tenant, 'POST', '/v1/live')
  if (!isGood(made)) return
  const { ticket } = JSON.parse(made.body) as { ticket: string }
  scene.secrets.add(ticket)
  const connect = () =>
    scene.universe.call({
      ...{ method: 'GET', url: `${ORIGIN}/v1/live?ticket=${ticket}` },
      headers: { upgrade: 'websocket', connection: 'upgrade' },
    })
  const { status, socket } = await connect()
  if (status !== 101 || !socket) return
  let [messages, pools, code] = [0, 0, 0]
  const onMessage = (body: string) => {
    messages += 1
    const { type } = JSON.parse(body) as { type?: string }
    if (type === 'pool') pools += 1
    else if (pools === 0) scene.violations.push(`live: ${type} comes before the pool`)
    if (body.includes(ADMIN_TOKEN)) scene.violations.push('I6 the operator token on a page')
    const seen = { status: 200, headers: {}, body }
    if (isOperator) scene.operated.push({ about: 'live page', answer: seen })
    else keep(scene, tenant, 'live page', seen)
  }
  socket.listen({ onMessage, onClose: (why) => (code = why) })
  await world.sleep(forMs / 2, 'a page looks')
  const again = await connect()
  if (again.status === 101) scene.violations.push('I5 a ticket opens two sockets')
  if (socket.readyState === 1) socket.send('refresh')
  await world.sleep(forMs / 2, 'a page looks')
  // A crash of the hub closes it. Else it has seen the pool.
  if (code === 0 && (pools !== 1 || messages === 0) && scene.plan.isGentle === true)
    scene.violations.push(`live: ${pools} pools, ${messages} messages in ${forMs} ms`)
  socket.close(1000)
}
