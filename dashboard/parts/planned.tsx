/** The place of a screen whose API does not exist yet. */
export function Planned() {
  return <p class="empty">This is not built yet.</p>
}
