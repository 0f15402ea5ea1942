import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openStore, type ObjectStore } from '@imclr/storage'

/**
 * A folder store with the smallest server that its signed URLs can lead to: what the API's routes do, without the API.
 */
export async function folderWithServer(
  root: string,
  signingKey: string,
): Promise<{ store: ObjectStore; publicUrl: string; stop: () => void }> {
  const opened: { store?: ObjectStore } = {}
  const server = createServer((request, response) => {
    void (async () => {
      try {
        const { store } = opened
        const routes = store?.signedRoutes
        if (!store || !routes) throw new Error('not open')
        if (request.method === 'PUT') {
          const { etag } = await routes.receivePart(request.url ?? '', request)
          response.writeHead(200, { etag }).end()
          return
        }
        const { key } = routes.verifyGet(request.url ?? '')
        const { body } = await store.get(key)
        body.pipe(response)
      } catch (error) {
        const rejected = error instanceof Error && 'code' in error && error.code === 'URL_REJECTED'
        response.writeHead(rejected ? 403 : 400, { connection: 'close' }).end(String(error))
      }
    })()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store = await openStore({ kind: 'folder', root, publicUrl, signingKey })
  opened.store = store
  return {
    store,
    publicUrl,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
