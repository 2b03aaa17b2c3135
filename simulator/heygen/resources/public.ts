/** What every account may use: a few looks and voices that the documentation names, and as many more as the settings say. */
import type { State } from '../../state/state.ts'
import type { Resource } from '../../state/types.ts'
import { addResource, type NewResource, resourceKey } from './resources.ts'

/** Looks that are newer than August 2026 were seen without Avatar III. */
const WITHOUT_III = ['avatar_v', 'avatar_iv']

const PUBLIC: NewResource[] = [
  {
    type: 'avatar',
    id: 'Abigail_expressive_2024112501',
    form: 'look',
    doc: { title: 'Abigail (Upper Body)', group_id: 'public_group_abigail' },
  },
  {
    type: 'avatar',
    id: 'Vanessa-invest-20220722',
    form: 'look',
    doc: { title: 'Vanessa', group_id: 'public_group_vanessa' },
  },
  {
    type: 'avatar',
    id: 'Nadia_office_20260901',
    form: 'look',
    doc: {
      title: 'Nadia in office',
      group_id: 'public_group_vanessa',
      supported_api_engines: WITHOUT_III,
    },
  },
  { type: 'avatar', id: 'Wayne_20240711', form: 'streaming', doc: { title: 'Wayne' } },
  { type: 'avatar-group', id: 'public_group_abigail', doc: { title: 'Abigail' } },
  { type: 'avatar-group', id: 'public_group_vanessa', doc: { title: 'Vanessa' } },
  { type: 'voice', id: '1bd001e7e50f421d891986aad5158bc8', doc: { title: 'Ana - Cheerful' } },
  { type: 'look-template', id: 'pack_office_f', doc: { title: 'Office', looks_count: 3 } },
  { type: 'voice', id: '2d5b0e6cf36f460aa7fc47e3eee4ba54', doc: { title: 'Sim - Calm' } },
]

/** Added when first needed, so that they exist again after a reset. */
export function addPublic(state: State): void {
  if (state.byOwner.has('')) return
  for (const each of PUBLIC) addResource(state, '', each)
}

export function isPublicId(id: string): boolean {
  return PUBLIC.some((each) => each.id === id)
}

const LOOKS_OF_GROUP = 3
const LANGUAGES = ['English', 'Spanish', 'French', 'German', 'Japanese', 'Portuguese', 'Hindi']
const GENDERS = ['female', 'male']

/** As many looks, their groups and voices beside the documented ones as the settings say. */
export function growPublic(state: State): void {
  addPublic(state)
  const { publicLooks, publicVoices } = state.settings
  const wanted = [
    ...numbersTo(publicLooks).map(toLook),
    ...numbersTo(Math.ceil(publicLooks / LOOKS_OF_GROUP)).map(toGroup),
    ...numbersTo(publicVoices).map(toVoice),
  ]
  const keys = new Set(wanted.map((each) => resourceKey('', each.type, each.id ?? '')))
  for (const each of listGrown(state)) if (!keys.has(each.key)) state.deleteResource(each)
  for (const each of wanted) {
    if (!state.resources.has(resourceKey('', each.type, each.id ?? '')))
      addResource(state, '', each)
  }
}

const GROWN = /^public_(look|group|voice)_\d+$/

function listGrown(state: State): Resource[] {
  return [...(state.byOwner.get('')?.values() ?? [])].filter((each) => GROWN.test(each.id))
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** Every fifth look has no Avatar III, every tenth is a photo avatar. */
function toLook(index: number): NewResource {
  const isPhoto = index % 10 === 9
  return {
    type: 'avatar',
    id: `public_look_${index}`,
    form: isPhoto ? 'photo' : 'look',
    doc: {
      title: `Look ${index}`,
      group_id: `public_group_${Math.floor(index / LOOKS_OF_GROUP)}`,
      gender: GENDERS[index % 2],
      ...(index % 5 === 4 && !isPhoto ? { supported_api_engines: WITHOUT_III } : {}),
    },
  }
}

function toGroup(index: number): NewResource {
  return { type: 'avatar-group', id: `public_group_${index}`, doc: { title: `Group ${index}` } }
}

function toVoice(index: number): NewResource {
  const language = LANGUAGES[index % LANGUAGES.length]
  const doc = { title: `Voice ${index}`, language, gender: GENDERS[index % 2] }
  return { type: 'voice', id: `public_voice_${index}`, doc }
}
