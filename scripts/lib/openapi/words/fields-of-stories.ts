/** One sentence for each field of what tells a job's story, as in fields-of-schemas.ts. */
export const OF_STORY: Record<string, string> = {
  'PassedAccount.account': 'The email of the account',
  'PassedAccount.reason': 'What it was parked for',
  'PassedAccount.until': 'Until when it was parked, as far as was known then',
  'PassedAccount.why':
    'full; seemed_full: it was full lately; parked; too_few_slots; retired: it was being removed; refused: the provider refused the creation there; paused: the queue was paused there; gave_back: it was given the queued job before, and could not start it; saving_up: its free slots were kept for a job that needs several; no_news: it had not asked for work; pinned: the call names another account or a thing of one; not_tried: others came first, or it cannot serve such calls',
  'StoryStep.account':
    'The email of the account. Missing if it was removed, or the token sees only its own',
  'StoryStep.delivery': 'The delivery: GET /v1/deliveries/{id}',
  'StoryStep.more': 'How many more accounts there were that are not named',
  'StoryStep.others': 'Other accounts that the tenant had, and why they did not get it',
  'StoryStep.what':
    'asked: the request came. queued: it went into the queue. chosen: an account was chosen for it. given_back: that account could not start it. slot: it got a slot, and was sent to the provider at once. answer_lost: the answer did not come, so the job is looked for. accepted: the provider named the job. found: the search found it. waits_for_person. deleted: a client deleted it. ended. event: its event was made. delivered, given_up: what became of that',
  'StoryStep.why': 'Why, such as how the job ended, or why an account gave it back',
}
