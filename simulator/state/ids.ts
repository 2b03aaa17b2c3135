/** New ids in the provider's style, and ids that depend on a text, which stay the same. */
import { newHex, newUuid } from './random.ts'

const PREFIXES: Record<string, string> = {
  batch: 'batch_',
  'agent-session': 'sess_',
  'agent-run': 'run_',
  'agent-resource': 'res_',
  'brand-glossary': 'bg_',
  'brand-kit': 'bk_',
  render: 'hfr_',
  'filler-word-removal': 'fwr_',
  podcast: 'pod_',
  workflow: 'wf_',
  'workflow-run': 'run_',
  'workflow-execution': 'ex_',
  comparison: 'cmp_',
  'model-voice': 'v_',
  stream: 'str_',
  'clip-job': 'clip_',
  event: 'evt_',
  request: 'req_',
}

export function newId(type: string): string {
  if (type === 'streaming-session' || type === 'streaming-task') return newUuid()
  return (PREFIXES[type] ?? '') + newHex()
}

/** 32 hex characters that depend on the text alone (FNV-1a with four seeds; not for secrets). */
export function stableHex(text: string): string {
  return [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b].map((seed) => fnv(text, seed)).join('')
}

function fnv(text: string, seed: number): string {
  let hash = seed
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
