/** The part of the contract about tools for agents at `/mcp`. */
import type { Arguments, ToolForm } from '#domain/mcp/tool.ts'

/** Tools for agents at `/mcp`. */
export interface ProviderAgents {
  tools: readonly AgentTool[]
  /** What an agent is told of a job, from the answer of its status path. null: nothing. */
  jobResult(answer: unknown): Record<string, unknown> | null
}

/** A tool that is one call of the provider. The arguments were checked against `input`. */
export interface AgentTool extends ToolForm {
  call(given: Arguments): {
    method: string
    /** The provider's path, with its query. */
    path: string
    body?: unknown
    headers?: Record<string, string>
  }
  /** The members of `output`, from the answer and its headers. */
  read(answer: unknown, header: (name: string) => string | null): Record<string, unknown>
}
