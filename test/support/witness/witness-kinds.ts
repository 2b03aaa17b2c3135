/**
 * The kinds of jobs that the witness can make, as HeyGen's v3 has them (reference/heygen.md, heygen-endpoints.json): their paths,
 * their answers and the events of their ends. Written from the reference, not from `src`.
 */
export interface WitnessKind {
  name: string
  /** POST on this path creates, GET lists, and GET with `/{id}` reads the status. */
  path: string
  /** The members that a creation needs, with their types. */
  needs: Readonly<Record<string, 'text' | 'object' | 'list'>>
  status: number
  /** The `data` of the answer to a creation. */
  created(ids: string[], doing: string): Record<string, unknown>
  /** The name of the id in rows and status answers. */
  id: string
  doing: string
  done: string
  /** Whether rows and status answers show the `callback_id`. */
  showsCallback: boolean
  hasTitle: boolean
  /** Whether HeyGen documents an Idempotency-Key for the creation. */
  takesKey: boolean
  /** Absent: no event is documented. `id`: its name in `event_data`. */
  event?: { name: string; id: string; why: 'msg' | 'message' }
  /** A body that the gateway and the witness accept. `mark` is in a place that HeyGen keeps: the text or a URL. */
  body(mark: string): Record<string, unknown>
}

const video = (mark: string) => ({ type: 'url', url: `https://example.com/${mark}.mp4` })

export const KINDS: readonly WitnessKind[] = [
  {
    name: 'video',
    path: '/v3/videos',
    needs: { type: 'text' },
    status: 200,
    created: ([id], doing) => ({ video_id: id, status: doing, output_format: 'mp4' }),
    id: 'id',
    doing: 'processing',
    done: 'completed',
    showsCallback: false,
    hasTitle: true,
    takesKey: true,
    event: { name: 'avatar_video', id: 'video_id', why: 'msg' },
    body: (mark) => ({
      type: 'image',
      image: { type: 'url', url: 'https://example.com/face.png' },
      script: `Hello from ${mark} .`,
      title: 'Demo',
    }),
  },
  {
    name: 'translation',
    path: '/v3/video-translations',
    needs: { video: 'object', output_languages: 'list' },
    status: 200,
    created: (ids) => ({ video_translation_ids: ids }),
    id: 'id',
    doing: 'running',
    done: 'completed',
    showsCallback: true,
    hasTitle: true,
    takesKey: true,
    event: { name: 'video_translate', id: 'video_translate_id', why: 'message' },
    body: (mark) => ({ video: video(mark), output_languages: ['Spanish'], title: 'Demo' }),
  },
  {
    name: 'lipsync',
    path: '/v3/lipsyncs',
    needs: { video: 'object', audio: 'object' },
    status: 200,
    created: ([id]) => ({ lipsync_id: id }),
    id: 'id',
    doing: 'running',
    done: 'completed',
    showsCallback: true,
    hasTitle: true,
    takesKey: true,
    body: (mark) => ({
      video: video(mark),
      audio: { type: 'url', url: 'https://example.com/a.mp3' },
      title: 'Demo',
    }),
  },
  {
    name: 'agent',
    path: '/v3/video-agents',
    needs: { prompt: 'text' },
    status: 200,
    created: ([id], doing) => ({ session_id: id, status: doing, video_id: null }),
    id: 'session_id',
    doing: 'generating',
    done: 'completed',
    showsCallback: false,
    hasTitle: true,
    takesKey: false,
    event: { name: 'video_agent', id: 'session_id', why: 'msg' },
    body: (mark) => ({ prompt: `A short intro, ${mark} , please` }),
  },
  {
    name: 'clipping',
    path: '/v3/ai-clipping',
    needs: { video: 'object' },
    status: 202,
    created: ([id]) => ({ ai_clipping_id: id }),
    id: 'id',
    doing: 'running',
    done: 'completed',
    showsCallback: true,
    hasTitle: true,
    takesKey: true,
    event: { name: 'ai_clipping', id: 'id', why: 'message' },
    body: (mark) => ({ video: video(mark), title: 'Clips' }),
  },
  {
    name: 'background',
    path: '/v3/background-removals',
    needs: { video: 'object' },
    status: 200,
    created: ([id], doing) => ({ id, status: doing }),
    id: 'id',
    doing: 'processing',
    done: 'completed',
    showsCallback: false,
    hasTitle: false,
    takesKey: false,
    body: (mark) => ({ video: video(mark) }),
  },
  {
    name: 'render',
    path: '/v3/hyperframes/renders',
    needs: { project: 'object' },
    status: 200,
    created: ([id], doing) => ({ render_id: id, status: doing }),
    id: 'render_id',
    doing: 'rendering',
    done: 'completed',
    showsCallback: false,
    hasTitle: true,
    takesKey: true,
    event: { name: 'hyperframes_video', id: 'render_id', why: 'message' },
    body: (mark) => ({
      project: { type: 'url', url: `https://example.com/${mark}.zip` },
      title: 'Demo',
    }),
  },
  {
    name: 'podcast',
    path: '/v3/podcasts',
    needs: { prompt: 'text' },
    status: 200,
    created: ([id]) => ({ podcast_id: id }),
    id: 'id',
    doing: 'processing',
    done: 'completed',
    showsCallback: false,
    hasTitle: true,
    takesKey: false,
    body: (mark) => ({ prompt: `Two hosts discuss ${mark} .` }),
  },
  {
    name: 'run',
    path: '/v3/workflow-runs',
    needs: { workflow_id: 'text' },
    status: 200,
    created: ([id], doing) => ({ id, status: doing }),
    id: 'id',
    doing: 'running',
    done: 'succeeded',
    showsCallback: false,
    hasTitle: true,
    takesKey: false,
    body: (mark) => ({ workflow_id: 'wf_shared', inputs: { note: mark } }),
  },
]

export function kindNamed(name: string): WitnessKind {
  const found = KINDS.find((kind) => kind.name === name)
  if (!found) throw new Error(`the witness makes no ${name}`)
  return found
}

export function kindAt(path: string): WitnessKind | undefined {
  return KINDS.find((kind) => kind.path === path)
}

/** The mark of a creation, in any place of its body. */
const MARK = /\bmark-[\w-]*\w/

export function markIn(text: string): string | undefined {
  return MARK.exec(text)?.[0]
}
