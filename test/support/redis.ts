import { connect } from 'node:net'
import { partPath } from './findPart.js'
import { freePort, makeFolder, startServer, type Server } from './startServer.js'

export interface Redis extends Server {
  /** redis://... */
  url: string
}

/** An empty Redis of its own, with the eviction policy that a queue needs; nothing is written to disk. */
export async function redis(): Promise<Redis> {
  const port = await freePort()
  const server = await startServer({
    name: 'redis-server',
    folder: makeFolder('redis'),
    command: partPath('redis'),
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ],
    stopSignal: 'KILL',
    isReady: () => answersPing(port),
  })
  return { ...server, url: `redis://127.0.0.1:${port}` }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const answer = (ready: boolean): void => {
      socket.destroy()
      resolve(ready)
    }
    socket.once('data', (data) => answer(data.toString().startsWith('+PONG')))
    socket.once('error', () => answer(false))
    socket.once('close', () => answer(false))
  })
}
