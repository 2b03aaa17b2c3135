/** nginx as a reverse proxy with one worker process: a yardstick that is not JavaScript. Left out where it is not installed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePort, untilUp } from './processes.ts'

export interface Nginx {
  child: ChildProcess
  /** Of its worker process, which does the work. */
  pid: number
  port: number
}

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0
}

export async function startNginx(folder: string, upstreamPort: number): Promise<Nginx> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const config = path.join(folder, 'nginx.conf')
  writeFileSync(config, toConfig(folder, port, upstreamPort))
  const args = ['-c', config, '-e', path.join(folder, 'error.log')]
  const child = spawn('nginx', args, { stdio: 'ignore' })
  await untilUp(port)
  const children = `/proc/${child.pid}/task/${child.pid}/children`
  const [pid] = readFileSync(children, 'utf8').trim().split(' ').map(Number)
  return { child, pid: pid ?? 0, port }
}

function toConfig(folder: string, port: number, upstreamPort: number): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n  ')
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary}
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 256; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
}
