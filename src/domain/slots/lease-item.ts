/** For a creation that was queued (RFC 0009): what its lease keeps of the item. */
export interface LeaseItem {
  id: string
  /** The client's request. The lease has one of its own. Absent: an older release took it. */
  requestId?: string
  /** What clients call the jobs. */
  names: string[]
  /** When the client asked. The lease's own id tells when the item was chosen. */
  askedAt: number
  /** How many leases of the item have ended as `absent` before this one. */
  absents: number
}
