/** A webhook endpoint, as HeyGen's own paths show it. Its secret is in no list. */
export interface Endpoint {
  endpoint_id: string
  url: string
  /** null: every event. */
  events: string[] | null
  status: 'enabled' | 'disabled'
  created_at: string
}
