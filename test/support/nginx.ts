import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { partPath } from './findPart.js'
import { freePort, makeFolder, startServer, type Server } from './startServer.js'

export interface Nginx extends Server {
  /** http://localhost:... */
  url: string
}

/** nginx in front of a service, with nothing but what is said here. @param location lines of its `location /` */
export async function nginx(upstream: string, location: readonly string[]): Promise<Nginx> {
  const port = await freePort()
  const folder = makeFolder('nginx')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `
daemon off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; proxy_http_version 1.1; ${location.join(' ')} } } }
`,
  )
  const url = `http://localhost:${port}`
  const server = await startServer({
    name: 'nginx',
    folder,
    command: partPath('nginx'),
    args: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')],
    stopSignal: 'TERM',
    isReady: () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
  })
  return { ...server, url }
}
