/** Reasons why an account is parked, in the words that clients see. */
export const REFUSED = 'the provider refused its credential'
export const CLOCK = 'its signed token is out of its time: a clock is wrong'
export const ABNORMAL = 'the provider calls it abnormal'
export const NOT_LISTED = 'its IP allow list does not have this gateway'
