/** What lists and details say of a resource that depends on others, or on the account. */
import type { Resource } from '../../state/types.ts'
import { type Doc, isDoc } from '../../text/json.ts'
import type { Call } from '../answers/call.ts'

type Live = (call: Call, resource: Resource, filled: Doc) => Doc

/** Looks of each group, counted once for a call. */
const counts = new WeakMap<Call, Map<unknown, number>>()

function countLooks(call: Call): Map<unknown, number> {
  const known = counts.get(call)
  if (known) return known
  const counted = new Map<unknown, number>()
  for (const owner of [call.account.email, '']) {
    for (const each of call.state.byOwner.get(owner)?.values() ?? []) {
      if (each.type !== 'avatar') continue
      counted.set(each.doc.group_id, (counted.get(each.doc.group_id) ?? 0) + 1)
    }
  }
  counts.set(call, counted)
  return counted
}

const ofGroup: Live = (call, group) => {
  const looks = Math.max(1, countLooks(call).get(group.id) ?? 0)
  return { looks_count: looks, num_looks: looks }
}

const ofAsset: Live = ({ account, row }) => ({
  owner: row.family === 'v3' ? account.username : account.email,
})

/** Rules of a glossary have other names and forms in v1. v3 leaves out the lists that are empty. */
const ofGlossary: Live = ({ row }, { doc }, filled) => {
  const { terms, do_not_translate_terms, forced_translations } = doc
  if (row.family === 'v3') {
    const lists = { do_not_translate_terms, forced_translations }
    const full = Object.entries(lists).filter(([, list]) => Array.isArray(list) && list.length > 0)
    return 'terms' in filled ? { ...(terms ? { terms } : {}), ...Object.fromEntries(full) } : {}
  }
  return {
    ...(terms ? { vocabulary: pairs(terms, 'pronunciation') } : {}),
    ...(do_not_translate_terms ? { blacklist: pairs(do_not_translate_terms).flat() } : {}),
    ...(forced_translations ? { whitelist: pairs(forced_translations, 'translation') } : {}),
  }
}

function pairs(entries: unknown, second?: string): unknown[][] {
  const list = (Array.isArray(entries) ? entries : []).filter(isDoc)
  return list.map((each) => [each.term, ...(second === undefined ? [] : [each[second]])])
}

const LIVE: Record<string, Live> = {
  'avatar-group': ofGroup,
  asset: ofAsset,
  'brand-glossary': ofGlossary,
}

/** Lists of a glossary are added; all else replaces what the example has. */
export function withLiveFacts(call: Call, resource: Resource, filled: unknown): unknown {
  if (!isDoc(filled)) return filled
  const facts = LIVE[resource.type]?.(call, resource, filled) ?? {}
  const isAdded = (name: string): boolean => name in filled || resource.type === 'brand-glossary'
  const used = Object.entries(facts).filter(([name]) => isAdded(name))
  return { ...filled, ...Object.fromEntries(used) }
}
