/** A newer call was refused, so the older call that was made out of it ends with that refusal. */
export class RefusedByNewer extends Error {
  override name = 'RefusedByNewer' as const
  readonly answer: { status: number; body: unknown; retryAfter?: string }

  constructor(answer: RefusedByNewer['answer']) {
    super('a newer call was refused')
    this.answer = answer
  }
}
