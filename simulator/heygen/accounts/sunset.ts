/**
 * HeyGen after the end of its older API: which paths are gone for an account, and how they answer. What a retired path
 * answers is not documented [guess], so there are three manners. The key is checked first [guess].
 */
import type { Account, Settings, Sunset, SunsetFamily, SunsetManner } from '../../state/types.ts'
import { envelopeOfPath, errorBody } from '../answers/errors.ts'

const TEMPLATES = /^\/v2\/templates$|^\/v2\/template\/|^\/v3\/template\//

/** Log-in and OAuth live on the web host, and stay. At the root, where no host is named, their paths stay too. */
const WEB_PATHS = /^\/v1\/(oauth|pacific)\//

function familyOf(host: string, path: string): SunsetFamily | undefined {
  if (host === 'web' || (host === 'root' && WEB_PATHS.test(path))) return undefined
  if (TEMPLATES.test(path)) return 'templates'
  const [, version] = path.split('/')
  return version === 'v1' || version === 'v2' ? version : undefined
}

/** What holds for an account: its own, else that of the whole simulator. */
export function sunsetOf(settings: Settings, account: Account | undefined): Sunset {
  return account?.sunset ?? settings.sunset
}

export function goneManner(
  sunset: Sunset,
  { host, path }: { host: string; path: string }
): SunsetManner | undefined {
  const family = familyOf(host, path)
  return family && sunset[family]
}

export function goneAnswer(path: string, manner: SunsetManner): Response {
  if (manner === '404-html') return pageOfEdge()
  const envelope = envelopeOfPath(path)
  const facts =
    manner === '410'
      ? { status: 410, number: 410, code: 'gone', message: 'This endpoint has been retired.' }
      : { status: 404, number: 101, code: 'not_found', message: 'not found' }
  return Response.json(errorBody(envelope, facts), { status: facts.status })
}

function pageOfEdge(): Response {
  const page =
    '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n</body>\r\n</html>\r\n'
  const headers = { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' }
  return new Response(page, { status: 404, headers })
}

/** Whether what v3 documents is insisted on. After a sunset it is: then all that the account gets is meant for v3. */
export function isStrict(settings: Settings, account: Account): boolean {
  return settings.strict || Object.keys(sunsetOf(settings, account)).length > 0
}
