import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { openStore, storeConfigFromEnv, type ObjectStore } from '@imclr/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { minio } from '../support/minio.js'
import { requirePart } from '../support/parts.js'
import { folderWithServer } from './signedServer.js'

interface Place extends AsyncDisposable {
  store: ObjectStore
}

async function folder(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), 'imclr-store-'))
  const { store, stop } = await folderWithServer(root, randomBytes(32).toString('hex'))
  return {
    store,
    async [Symbol.asyncDispose]() {
      stop()
      rmSync(root, { recursive: true })
    },
  }
}

async function bucket(): Promise<Place> {
  const server = await minio()
  const store = await openStore(
    storeConfigFromEnv({
      OBJECT_STORE_URL: `s3://${server.bucket}?endpoint=${server.endpoint}&region=${server.region}`,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    }),
  )
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await server.stop()
    },
  }
}

const sha256 = (bytes: Uint8Array, form: 'hex' | 'base64' = 'hex'): string =>
  createHash('sha256').update(bytes).digest(form)
const binary = { contentType: 'application/octet-stream' }
const mebibyte = 1024 * 1024

async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

const places = [
  { name: 'a folder', here: () => true, make: folder },
  { name: 'MinIO', here: () => requirePart('minio'), make: bucket },
]

describe.each(places)('an object store in $name', ({ here, make }) => {
  describe.skipIf(!here())('', () => {
    let place: Place
    let store: ObjectStore
    beforeAll(async () => {
      place = await make()
      store = place.store
    })
    afterAll(async () => place[Symbol.asyncDispose]())

    /**
     * Waits until a URL that is signed now has expired, and so every one that was signed before it for as long. The
     * store's server reads the real clock, in whole seconds: one second is the shortest expiry.
     */
    const expired = async (key: string): Promise<void> => {
      const url = await store.signGet({ key, expiresSeconds: 1 })
      await eventually(
        async () => (await fetch(url)).status,
        (status) => status === 403,
      )
    }

    it('returns what was put: bytes, length, type', async () => {
      const bytes = randomBytes(100_000)
      expect(await store.put('a/bytes.bin', bytes, binary)).toEqual({ bytes: 100_000, sha256: sha256(bytes) })
      expect(Buffer.from(await store.read('a/bytes.bin')).equals(bytes)).toBe(true)
      await store.put('a/empty', new Uint8Array(), { contentType: 'image/x-odd' })
      expect((await store.read('a/empty')).byteLength).toBe(0)
      expect(await store.head('a/empty')).toMatchObject({ bytes: 0, contentType: 'image/x-odd' })
      const got = await store.get('a/bytes.bin')
      expect(got).toMatchObject({ bytes: 100_000, contentType: 'application/octet-stream' })
      expect((await buffer(got.body)).equals(bytes)).toBe(true)
      expect(Math.abs(got.modified.getTime() - Date.now())).toBeLessThan(60_000)
      await store.put('a/page.html', Buffer.from('<p>'), { contentType: 'text/html; charset=utf-8' })
      expect(await store.head('a/page.html')).toMatchObject({ contentType: 'text/html; charset=utf-8' })
    })

    it('puts streams of any length, hashed on the way', async () => {
      const bytes = randomBytes(21 * mebibyte + 17)
      const chunks = Array.from({ length: 22 }, (_, i) => bytes.subarray(i * mebibyte, (i + 1) * mebibyte))
      expect(
        await store.put('s/long.bin', Readable.from(chunks), { ...binary, sha256: sha256(bytes), bytes: bytes.length }),
      ).toEqual({ bytes: bytes.length, sha256: sha256(bytes) })
      expect(sha256(await store.read('s/long.bin'))).toBe(sha256(bytes))
      await store.put('s/none.bin', Readable.from([]), binary)
      expect((await store.head('s/none.bin'))?.bytes).toBe(0)
    })

    it('refuses bytes that are not those announced, and keeps the earlier object', async () => {
      const [right, wrong] = [Buffer.from('right'), Buffer.from('wrong')]
      await store.put('c/x.bin', right, { ...binary, sha256: sha256(right), bytes: 5 })
      const refused = { code: 'CHECKSUM_MISMATCH' }
      for (const body of [() => wrong, () => Readable.from([wrong])]) {
        await expect(store.put('c/x.bin', body(), { ...binary, sha256: sha256(right) })).rejects.toMatchObject(refused)
        await expect(store.put('c/x.bin', body(), { ...binary, bytes: 6 })).rejects.toMatchObject(refused)
        await expect(store.put('c/x.bin', body(), { ...binary, bytes: 4 })).rejects.toMatchObject(refused)
      }
      const long = randomBytes(20 * mebibyte)
      await expect(
        store.put('c/long.bin', Readable.from([long]), { ...binary, sha256: sha256(right) }),
      ).rejects.toMatchObject(refused)
      const broken = Readable.from(
        (function* () {
          yield long
          throw new Error('the source broke')
        })(),
      )
      await expect(store.put('c/long.bin', broken, binary)).rejects.toThrow('the source broke')
      expect(Buffer.from(await store.read('c/x.bin')).toString()).toBe('right')
      expect(await keysUnder(store, 'c/')).toEqual(['c/x.bin'])
    })

    it('changes its tag when an object changes', async () => {
      await store.put('t/x.bin', Buffer.from('one'), binary)
      const first = await store.head('t/x.bin')
      expect((await store.get('t/x.bin')).etag).toBe(first?.etag)
      await store.put('t/x.bin', Buffer.from('two'), binary)
      expect((await store.head('t/x.bin'))?.etag).not.toBe(first?.etag)
      expect(first?.etag).toMatch(/^[\w-]+$/)
    })

    it('reads ranges that include both ends', async () => {
      await store.put('r/x.bin', Buffer.from('0123456789'), binary)
      const text = async (start: number, end: number) => {
        const { body, bytes } = await store.get('r/x.bin', { start, end })
        const found = await buffer(body)
        expect(found.length).toBe(bytes)
        return found.toString()
      }
      expect(await text(0, 0)).toBe('0')
      expect(await text(3, 5)).toBe('345')
      expect(await text(8, 100)).toBe('89')
      await expect(store.get('r/x.bin', { start: 10, end: 12 })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    })

    it('tells that an object does not exist', async () => {
      expect(await store.head('no/such.bin')).toBeNull()
      await store.put('no', Buffer.from('x'), binary)
      expect(await store.head('no/such.bin')).toBeNull()
      for (const key of ['no/other.bin', 'nothing']) {
        await expect(store.get(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
        await expect(store.read(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      }
      expect(await keysUnder(store, 'nowhere/')).toEqual([])
      expect(await store.deletePrefix('nowhere/')).toBe(0)
      await store.delete(['nothing', 'nowhere/x'])
    })

    it('lists by prefix in the order of bytes, and matches only whole names', async () => {
      const names = ['l/a/1', 'l/a-b', 'l/a.b', 'l/a0', 'l/b/c/d', 'l/Z', 'l/é', 'l2/x', 'la']
      for (const key of names) await store.put(key, Buffer.from(key), binary)
      const inOrder = ['l/Z', 'l/a-b', 'l/a.b', 'l/a/1', 'l/a0', 'l/b/c/d', 'l/é']
      expect(await keysUnder(store, 'l/')).toEqual(inOrder)
      for await (const { bytes, modified } of store.list('l/b/'))
        expect([bytes, modified instanceof Date]).toEqual([7, true])
      await store.delete(['l/a/1', 'l/missing'])
      expect(await store.deletePrefix('l/')).toBe(inOrder.length - 1)
      expect(await keysUnder(store, 'l/')).toEqual([])
      expect(await keysUnder(store, 'l2/')).toEqual(['l2/x'])
    })

    it('deletes more than a thousand at once', async () => {
      const keys = Array.from({ length: 1_100 }, (_, i) => `many/${i}.bin`)
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from('x'), binary)))
      expect((await keysUnder(store, 'many/')).length).toBe(1_100)
      expect(await store.deletePrefix('many/')).toBe(1_100)
      expect(await keysUnder(store, 'many/')).toEqual([])
    })

    it.each([
      '../x',
      'a/../../x',
      '/a',
      'a/',
      'a//b',
      './a',
      'a/.',
      'a\\b',
      'a\u0000b',
      '',
      `a/${'x'.repeat(256)}`,
      'x/'.repeat(520) + 'x',
    ])('refuses %j as a key', async (key) => {
      const refused = { code: 'BAD_INPUT' }
      await expect(store.put(key, Buffer.from('x'), binary)).rejects.toMatchObject(refused)
      await expect(store.get(key)).rejects.toMatchObject(refused)
      await expect(store.read(key)).rejects.toMatchObject(refused)
      await expect(store.head(key)).rejects.toMatchObject(refused)
      await expect(store.delete([key])).rejects.toMatchObject(refused)
      await expect(store.createMultipart(key, 'x/y')).rejects.toMatchObject(refused)
      await expect(store.signGet({ key, expiresSeconds: 60 })).rejects.toMatchObject(refused)
    })

    it('refuses a prefix that does not end a name', async () => {
      await expect(store.deletePrefix('a')).rejects.toMatchObject({ code: 'BAD_INPUT' })
      await expect(store.deletePrefix('')).rejects.toMatchObject({ code: 'BAD_INPUT' })
    })

    it('gives an object to whoever has its signed URL, until it expires', async () => {
      await store.put('g/a b+é.png', Buffer.from('picture'), { contentType: 'image/png' })
      const url = await store.signGet({ key: 'g/a b+é.png', expiresSeconds: 60, fileName: 'näme.png' })
      const answer = await fetch(url)
      expect([answer.status, await answer.text()]).toEqual([200, 'picture'])
      expect((await fetch(url.replace('g/a', 'g/b'))).status).toBe(403)
      await expired('g/a b+é.png')
    })

    describe('an upload in parts', () => {
      const [first, second, last] = [randomBytes(5 * mebibyte), randomBytes(5 * mebibyte), randomBytes(1234)]
      const key = 'm/archive.zip'
      const sign = (multipartId: string, partNumber: number, part: Uint8Array) =>
        store.signPart({
          key,
          multipartId,
          partNumber,
          sha256: sha256(part, 'base64'),
          bytes: part.byteLength,
          expiresSeconds: 60,
        })
      const send = async (to: { url: string; headers: Record<string, string> }, body: Uint8Array): Promise<number> => {
        const answer = await fetch(to.url, { method: 'PUT', headers: to.headers, body: Buffer.from(body) }).catch(
          () => ({ status: 400 }),
        ) // refused before all was sent
        return answer.status
      }

      it('is complete after its last part, in whatever order and however often parts were sent', async () => {
        const multipartId = await store.createMultipart(key, 'application/zip')
        expect(await store.listParts({ key, multipartId })).toEqual([])
        for (const [number, part] of [
          [3, last],
          [1, second],
          [2, second],
          [1, first],
        ] as const)
          expect(await send(await sign(multipartId, number, part), part)).toBe(200)
        const parts = await store.listParts({ key, multipartId })
        expect(parts.map(({ partNumber, sha256, bytes }) => ({ partNumber, sha256, bytes }))).toEqual(
          [first, second, last].map((part, i) => ({
            partNumber: i + 1,
            sha256: sha256(part, 'base64'),
            bytes: part.length,
          })),
        )
        expect(await store.head(key)).toBeNull()
        await store.completeMultipart({ key, multipartId, parts })
        await store.completeMultipart({ key, multipartId, parts }) // the first answer may have got lost
        expect(await store.head(key)).toMatchObject({ bytes: 10 * mebibyte + 1234, contentType: 'application/zip' })
        expect(sha256(await store.read(key))).toBe(sha256(Buffer.concat([first, second, last])))
        await expect(store.listParts({ key, multipartId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
        await store.delete([key])
      })

      it('refuses parts with other bytes, another length, another number, or too late', async () => {
        const multipartId = await store.createMultipart(key, 'application/zip')
        const to = await sign(multipartId, 1, first)
        expect(await send(to, second)).toBeGreaterThanOrEqual(400)
        expect(await send(to, last)).toBeGreaterThanOrEqual(400)
        expect(await send(to, Buffer.concat([first, last]))).toBeGreaterThanOrEqual(400)
        expect(
          await send(
            {
              ...to,
              headers: {},
              url: to.url.replace(
                encodeURIComponent(sha256(first, 'base64')),
                encodeURIComponent(sha256(second, 'base64')),
              ),
            },
            second,
          ),
        ).toBeGreaterThanOrEqual(400)
        if (Object.keys(to.headers).length > 0) {
          expect(await send(to, last)).toBe(403) // its length is signed: refused before the store reads any of it
          expect(await send({ ...to, headers: { 'x-amz-checksum-sha256': sha256(second, 'base64') } }, second)).toBe(
            403,
          )
          expect(await send({ ...to, headers: {} }, first)).toBeGreaterThanOrEqual(400)
        }
        expect(await send({ ...to, url: to.url.replace(/(part(?:Number)?)=1/, '$1=2') }, first)).toBe(403)
        const late = await store.signPart({
          key,
          multipartId,
          partNumber: 1,
          sha256: sha256(last, 'base64'),
          bytes: last.length,
          expiresSeconds: 1,
        })
        await expired(key)
        expect(await send(late, last)).toBe(403)
        expect(await store.listParts({ key, multipartId })).toEqual([])
        await store.abortMultipart({ key, multipartId })
      })

      it('names the parts that are missing', async () => {
        const multipartId = await store.createMultipart(key, 'application/zip')
        await send(await sign(multipartId, 1, last), last)
        const [part] = await store.listParts({ key, multipartId })
        if (part === undefined) throw new Error('part 1 did not arrive')
        const missing = { ...part, partNumber: 2, etag: '2-'.padEnd(66, '0') }
        await expect(store.completeMultipart({ key, multipartId, parts: [part, missing] })).rejects.toMatchObject({
          code: 'UPLOAD_INCOMPLETE',
          issues: [{ path: 'parts.2' }],
        })
        await expect(store.completeMultipart({ key, multipartId, parts: [] })).rejects.toMatchObject({
          code: 'UPLOAD_INCOMPLETE',
        })
        expect(await store.head(key)).toBeNull()
        await store.abortMultipart({ key, multipartId })
        await store.abortMultipart({ key, multipartId })
        await expect(store.completeMultipart({ key, multipartId, parts: [part] })).rejects.toMatchObject({
          code: 'NOT_FOUND',
        })
        expect(await keysUnder(store, 'm/')).toEqual([])
      })
    })

    it('tells whether it can be written to', async () => {
      await store.check()
    })
  })
})
