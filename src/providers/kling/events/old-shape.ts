/** Converts a task of v1 from the newer shape of `/tasks` to v1's shape (reference/kling.md section 0). */
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import { rawNumber } from '#providers/shared/raw-number.ts'

type Row = Record<string, unknown>

const LISTS: Record<string, string> = {
  video: 'videos',
  image: 'images',
  audio: 'audios',
  voice: 'voices',
  element: 'elements',
}

/** Undefined: the task has the older shape already. */
export function toOldShape(task: unknown): Row | undefined {
  const id = textAt(task, '/id')
  const status = textAt(task, '/status')
  if (id === undefined || status === undefined) return undefined
  const name = textAt(task, '/external_id')
  const result: Record<string, Row[]> = {}
  for (const output of valuesAt(task, '/outputs/*')) {
    const list = LISTS[textAt(output, '/type') ?? '']
    if (list === undefined) continue
    const rows = (result[list] ??= [])
    rows.push(rowOf(list, output as Row, rows.length))
  }
  return {
    task_id: id,
    task_status: status === 'succeeded' ? 'succeed' : status,
    task_status_msg: textAt(task, '/message') ?? '',
    task_info: name === undefined ? {} : { external_task_id: name },
    created_at: valueAt(task, '/create_time'),
    updated_at: valueAt(task, '/update_time'),
    ...(Object.keys(result).length === 0 ? {} : { task_result: result }),
  }
}

function rowOf(list: string, output: Row, index: number): Row {
  const { type: _, ...row } = output
  if (list === 'images') return { index, url: row['url'], watermark_url: row['watermark_url'] }
  if (list === 'audios') {
    const { id, mp3_url, wav_url, mp3_duration, wav_duration } = row
    const [url_mp3, url_wav] = [mp3_url, wav_url]
    return { id, url_mp3, url_wav, duration_mp3: mp3_duration, duration_wav: wav_duration }
  }
  if (list === 'voices') {
    const { id, name, url, ...rest } = row
    return { voice_id: id, voice_name: name, trial_url: url, ...rest }
  }
  if (list !== 'elements') return row
  const { id, name, description, ...rest } = row
  return { element_id: numberOf(id), element_name: name, element_description: description, ...rest }
}

/** v1 writes ids of elements as numbers. */
function numberOf(id: unknown): unknown {
  return /^[1-9]\d*$/.test(String(id)) ? rawNumber(String(id)) : id
}
