/**
 * The gateway's Worker, with the tools at `/mcp` that `@modelcontextprotocol/conformance` calls, served by the same code as the
 * gateway's own. An entry for runWorker, never deployed.
 */
import { Hono } from 'hono'
import { makePorts } from '../../../../src/composition/make-ports.ts'
import { platform } from '../../../../src/composition/platform.ts'
import { READS } from '../../../../src/domain/mcp/tool.ts'
import { authenticate } from '../../../../src/http/request/authenticate.ts'
import type { AppEnv } from '../../../../src/http/request/app-env.ts'
import { guards, requestId, withPorts } from '../../../../src/http/request/request-guards.ts'
import { respondError } from '../../../../src/http/request/respond-error.ts'
import { mcp } from '../../../../src/http/mcp/mcp.ts'
import { ToolError, type Tool, type ToolContext } from '../../../../src/http/mcp/tool-call.ts'
import worker from '../../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../../src/index.ts'

/** One transparent pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
/** A WAV without samples. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA='

const TEXT = { type: 'text', text: 'This is a simple text response for testing.' }
const IMAGE = { type: 'image', data: PNG, mimeType: 'image/png' }
const RESOURCE = {
  type: 'resource',
  resource: { uri: 'test://a', mimeType: 'text/plain', text: 'A resource.' },
}

function tool(name: string, content: object[], more: Partial<Tool> = {}): Tool {
  const form = { name, title: name, description: name, input: {}, output: {}, hints: READS }
  return { ...form, needs: 'use', run: async () => ({ content }), ...more }
}

async function tellThrice({ tell, ports }: ToolContext) {
  for (const done of [0, 50, 100]) {
    tell(done, 100, `${done} of 100`)
    await ports.after(50)
  }
  return { content: [TEXT] }
}

const TOOLS = [
  tool('test_simple_text', [TEXT]),
  tool('test_image_content', [IMAGE]),
  tool('test_audio_content', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]),
  tool('test_embedded_resource', [RESOURCE]),
  tool('test_multiple_content_types', [TEXT, IMAGE, RESOURCE]),
  tool('test_error_handling', [], {
    run: () =>
      Promise.reject(new ToolError('This tool intentionally returns an error for testing')),
  }),
  tool('test_tool_with_progress', [], { isLong: true, run: (_, context) => tellThrice(context) }),
]

const app = new Hono<AppEnv>()
app.onError(respondError)
app.use(requestId(platform), withPorts(makePorts), guards, authenticate)
app.all('/mcp', mcp({ tools: TOOLS, instructions: 'Tools of a test.', own: worker }))

export default {
  fetch(request, env, ctx) {
    const isAgent = new URL(request.url).pathname === '/mcp'
    return isAgent ? app.fetch(request, env, ctx) : worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
