/** Calls of the operator in the name of a tenant. */
import { ADMIN_TOKEN, type Gateway } from '../gateway.ts'

/** A call with ADMIN_TOKEN; with X-Gateway-Tenant unless `tenant` is undefined. */
export function operatorCall(
  { url }: Gateway,
  tenant: string | undefined
): (
  method: string,
  path: string,
  body?: unknown,
  more?: Record<string, string>
) => Promise<Response> {
  return (method, path, body, more = {}) =>
    fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(tenant === undefined ? {} : { 'x-gateway-tenant': tenant }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}
