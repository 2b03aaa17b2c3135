/** The official clients of the Model Context Protocol as they are published, pointed at a gateway's `/mcp`. */
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Gateway } from '../../support/gateway.ts'

interface ToolAnswer {
  structuredContent?: Record<string, unknown>
  isError?: boolean
  content: { type: string; text: string }[]
}

interface CallOptions {
  onprogress?: (progress: { progress: number; message?: string | undefined }) => void
  timeout?: number
  resetTimeoutOnProgress?: boolean
}

export interface Agent {
  tools(): Promise<{ name: string }[]>
  call(name: string, given?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>
  version(): string | undefined
  close(): Promise<void>
}

const WHO = { name: 'agent-of-tests', version: '1.0.0' }
/** A gateway of a test takes seconds to start again, a deployed one answers at once. */
const PATIENT = {
  maxRetries: 20,
  initialReconnectionDelay: 500,
  maxReconnectionDelay: 2000,
  reconnectionDelayGrowFactor: 1.5,
}

function optionsOf({ token }: Gateway) {
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  return { requestInit, reconnectionOptions: PATIENT }
}

/** The SDK that most agents have today. It begins with `initialize`. */
export async function openLegacy(gateway: Gateway): Promise<Agent> {
  const client = new Client(WHO)
  const transport = new StreamableHTTPClientTransport(
    new URL(`${gateway.url}/mcp`),
    optionsOf(gateway)
  )
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return {
    tools: async () => (await client.listTools()).tools,
    call: async (name, given = {}, options = {}) =>
      (await client.callTool({ name, arguments: given }, undefined, options)) as ToolAnswer,
    version: () => transport.protocolVersion,
    close: () => client.close(),
  }
}

/** The newest SDK with the newest revision, in which each request stands for itself. */
export async function openModern(gateway: Gateway): Promise<Agent> {
  const client = new ModernClient(WHO, { versionNegotiation: { mode: 'auto' } })
  const transport = new ModernTransport(new URL(`${gateway.url}/mcp`), optionsOf(gateway))
  await client.connect(transport)
  return {
    tools: async () => (await client.listTools()).tools,
    call: async (name, given = {}, options = {}) =>
      (await client.callTool({ name, arguments: given }, options)) as unknown as ToolAnswer,
    version: () => client.getNegotiatedProtocolVersion(),
    close: () => client.close(),
  }
}
