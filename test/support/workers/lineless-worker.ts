/** The gateway's Worker whose desks are of a release that had no line: they lack its methods. Never deployed. */
import worker, { TenantDesk } from '../../../src/index.ts'

export { AccountSlots } from '../../../src/index.ts'

for (const name of ['enqueue', 'itemsOf', 'cancelItem']) {
  for (let part: object = TenantDesk.prototype; part !== Object.prototype;) {
    Reflect.deleteProperty(part, name)
    part = Object.getPrototypeOf(part) as object
  }
}

export { TenantDesk }
export default worker
