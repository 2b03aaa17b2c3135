/** Pages with numbers. Nothing where there is one page. */
interface PagerProps {
  page: number
  pages: number
  onPage: (page: number) => void
}

export function Pager({ page, pages, onPage }: PagerProps) {
  if (pages < 2) return null
  return (
    <nav class="pager" aria-label="Pages">
      <button
        type="button"
        class="outline small"
        disabled={page <= 1}
        onClick={() => onPage(page - 1)}
      >
        Back
      </button>
      <span class="number">
        Page {page} of {pages}
      </span>
      <button
        type="button"
        class="outline small"
        disabled={page >= pages}
        onClick={() => onPage(page + 1)}
      >
        Next
      </button>
    </nav>
  )
}
