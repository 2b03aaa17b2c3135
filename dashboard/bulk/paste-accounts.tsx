/** The field for the list, and what the list must look like. */
import { useId, useRef, useState } from 'preact/hooks'

const EXAMPLE = `provider,email,apiKey,maxJobs,accessKey,secretKey,region
heygen,carol@example.com,sk_…,3,,,
kling,kim@example.com,…,2,…,…,singapore`

/** `begin` answers with what is wrong with the whole text, if anything is. */
export function PasteAccounts({ begin }: { begin: (text: string) => string | undefined }) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [problem, setProblem] = useState<string>()
  const submit = (event: Event) => {
    event.preventDefault()
    const wrong = begin(field.current?.value ?? '')
    setProblem(wrong)
    if (wrong !== undefined) field.current?.focus()
  }
  const read = async ({ currentTarget: input }: { currentTarget: HTMLInputElement }) => {
    const text = await input.files?.[0]?.text()
    if (field.current && text !== undefined) field.current.value = text
    input.value = ''
    field.current?.focus()
  }
  return (
    <form onSubmit={submit} noValidate>
      <p>
        One account a line. The first line names the columns, in any order. Commas, semicolons and
        tabs all work, as spreadsheets save them. Nothing is stored before you say so.
      </p>
      <pre tabIndex={0} aria-label="An example">
        <code>{EXAMPLE}</code>
      </pre>
      <ul class="muted">
        <li>
          <code>provider</code>: heygen or kling. <code>maxJobs</code>: how many jobs the plan of
          the account runs at once.
        </li>
        <li>
          HeyGen: <code>apiKey</code>; <code>email</code> may be empty, HeyGen tells it.
        </li>
        <li>
          Kling: <code>email</code>, and <code>apiKey</code> or <code>accessKey</code> with{' '}
          <code>secretKey</code>, or all three. <code>region</code> (singapore or beijing) and{' '}
          <code>webhookSecret</code> may be empty.
        </li>
      </ul>
      <div class="field">
        <label for={id}>Your list</label>
        <textarea
          ref={field}
          id={id}
          rows={8}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={problem ? 'true' : undefined}
          aria-describedby={`${id}-help`}
        />
        <small id={`${id}-help`} class={problem ? 'wrong' : ''}>
          {problem ??
            'When the lines are proved, the keys leave this field. They are never stored in the browser.'}
        </small>
      </div>
      <label>
        Or a file
        <input type="file" accept=".csv,.tsv,.txt,text/csv" onChange={read} />
      </label>
      <div class="actions">
        <button type="submit">Prove each line</button>
      </div>
    </form>
  )
}
