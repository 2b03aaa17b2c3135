/** Variables of a template: flat in v3, under `properties` in the older families. Kept as v3 shows them. */
import { type Doc, isDoc } from '../../text/json.ts'
import { type Call, getSubject } from '../answers/call.ts'
import { envelopeData } from '../answers/fill.ts'

/** Of a template that was made without variables. */
const VARIABLES: Record<string, Doc> = {
  first_name: { type: 'text', content: '' },
  avatar: {
    type: 'character',
    character_id: 'Abigail_expressive_2024112501',
    character_type: 'avatar',
  },
}

const SCENES = [
  {
    scene_id: 'scene_1',
    script: 'Hi {{first_name}}',
    variables: [
      { name: 'first_name', variable_type: 'text' },
      { name: 'avatar', variable_type: 'character' },
    ],
  },
]

function variablesOf(call: Call): Record<string, Doc> {
  const given = getSubject(call).doc.variables
  if (!isDoc(given)) return VARIABLES
  return Object.fromEntries(
    Object.entries(given).filter((each): each is [string, Doc] => isDoc(each[1]))
  )
}

function scenesOf(call: Call): Doc[] {
  const given = getSubject(call).doc.scenes
  return Array.isArray(given) ? given.filter(isDoc) : SCENES
}

/** A template of the documented examples: each row answers its own example, and the examples differ. */
function isDocumented(call: Call): boolean {
  return getSubject(call).doc.as_documented === true
}

export function readTemplate(call: Call): Doc {
  if (isDocumented(call)) return documented(call)
  const scenes = scenesOf(call)
  return { variables: variablesOf(call), scenes, scene_ids: scenes.map((each) => each.scene_id) }
}

function documented(call: Call): Doc {
  const { variables } = envelopeData(call.row.responseExample) as Doc
  return { variables }
}

export function readOldTemplate(call: Call): Doc {
  if (isDocumented(call)) return documented(call)
  const variables = Object.fromEntries(
    Object.entries(variablesOf(call)).map(([name, each]) => [name, toOld(name, each)])
  )
  if (call.row.family !== 'v3') return { variables }
  return { variables, scenes: scenesOf(call).map(toOldScene) }
}

function toOld(name: string, { type, asset, character_type, ...rest }: Doc): Doc {
  const { url, asset_id } = isDoc(asset) ? asset : {}
  const properties = {
    ...rest,
    ...(url === undefined ? {} : { url }),
    ...(asset_id === undefined ? {} : { asset_id }),
    ...(character_type === undefined ? {} : { type: character_type }),
  }
  return { name, type, properties }
}

function toOldScene({ scene_id, script, variables }: Doc): Doc {
  const used = (Array.isArray(variables) ? variables : []).filter(isDoc)
  return {
    id: scene_id,
    script,
    variables: used.map((each) => ({ name: each.name, type: each.variable_type })),
  }
}
