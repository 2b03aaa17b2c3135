/** Sets what one token may use. */
import { Dialog } from '../parts/dialog.tsx'
import { Boxes, Form, SelectField, TextField, WrongField } from '../parts/form.tsx'
import { ask } from '../shell/api.ts'
import { say } from '../shell/toasts.tsx'
import { NUMBERS, REQUESTS, ROUTES, type Token } from './token.ts'

interface Props {
  token: Token
  close: () => void
  done: () => void
}

export function LimitToken({ token, close, done }: Props) {
  const save = async (values: Record<string, string>, data: FormData) => {
    const routes = data.getAll('routes')
    if (routes.length === 0) throw new WrongField('routes: Leave at least one kind of call.')
    const { whenFull, requestsPerMinute = '' } = values
    const body = {
      ...Object.fromEntries(NUMBERS.map(([name]) => [name, numberIn(name, values[name] ?? '')])),
      requestsPerMinute: requestsPerMinute === '' ? null : Number(requestsPerMinute),
      whenFull: whenFull === '' ? null : whenFull,
      // All kinds are no limit: kinds of a later release are then allowed too.
      routes: routes.length === ROUTES.length ? null : routes,
    }
    await ask('PATCH', `/admin/tokens/${token.id}`, { body })
    say('Saved. It counts everywhere within a minute.')
    close()
    done()
  }
  return (
    <Dialog title={`Limits of the token “${token.name}”`} onClose={close}>
      <Form action="Save" onSubmit={save} onCancel={close}>
        {NUMBERS.map(([name, label, help]) => (
          <TextField
            key={name}
            label={label}
            name={name}
            type="number"
            value={String(token[name] ?? '')}
            help={help}
          />
        ))}
        <SelectField
          label="Requests a minute"
          name="requestsPerMinute"
          choices={[
            ['', 'no limit'],
            ...REQUESTS.map(String).map((one): [string, string] => [one, one]),
          ]}
          value={String(token.requestsPerMinute ?? '')}
        />
        <SelectField
          label="When all accounts are full"
          name="whenFull"
          choices={[
            ['', 'a creation is refused with 429'],
            ['queue', 'a creation waits in the queue'],
          ]}
          value={token.whenFull === 'queue' ? 'queue' : ''}
        />
        <Boxes
          legend="Kinds of calls that it may make"
          name="routes"
          choices={ROUTES}
          value={token.routes ?? ROUTES.map(([name]) => name)}
        />
      </Form>
    </Dialog>
  )
}

function numberIn(name: string, text: string): number | null {
  if (text.trim() === '') return null
  const value = Number(text)
  if (!Number.isInteger(value)) throw new WrongField(`${name}: Must be a whole number.`)
  return value
}
