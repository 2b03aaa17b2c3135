export async function programOf(world, name) {
  return { ...(await world.program(name)), prefix: name === 'gateway' ? '/heygen' : '' }
}
export function sampleOf({ answers, seconds, cpuMs, p50, p99 }) {
  return { rps: answers / seconds, cpu: cpuMs / answers, p50, p99 }
}
