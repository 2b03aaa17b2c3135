/** The line of Markdown that shows Cloudflare's deploy button, for the repository that package.json names. */
export function deployButton({ repository }: { repository: { url: string } }): string {
  const { url } = repository
  if (!/^https:\/\/(github|gitlab)\.com\/[\w.-]+\/[\w.-]+$/.test(url))
    throw new Error(
      'repository.url in package.json must be https://github.com/… or https://gitlab.com/…'
    )
  const address = `https://deploy.workers.cloudflare.com/?url=${url}`
  return `[![Deploy to Cloudflare](https://deploy.workers.cloudflare.com/button)](${address})`
}
