import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, storeConfigFromEnv } from '@imclr/storage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../support/eventually.js'
import { folderWithServer } from './signedServer.js'

const binary = { contentType: 'application/octet-stream' }
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imclr-store-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('a folder store', () => {
  it('leaves no files of failed writes and no empty folders after deletes', async () => {
    const store = await openStore({ kind: 'folder', root })
    await expect(store.put('a/b/c', Buffer.from('x'), { ...binary, bytes: 2 })).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
    })
    await store.put('a/b/c', Buffer.from('x'), { contentType: 'text/odd' })
    await store.delete(['a/b/c'])
    for (const part of ['objects', 'types', 'aside', 'multipart']) expect(readdirSync(join(root, part))).toEqual([])
  })

  it('survives writers that make and empty the same folder at once', async () => {
    const store = await openStore({ kind: 'folder', root })
    const writer = async (name: string) => {
      for (let i = 0; i < 100; i++) {
        await store.put(`deep/er/${name}`, Buffer.from(String(i)), binary)
        expect(Buffer.from(await store.read(`deep/er/${name}`)).toString()).toBe(String(i))
        await store.delete([`deep/er/${name}`])
      }
    }
    await Promise.all(['a', 'b', 'c'].map(writer))
  })

  it('tells whether it could be written to without writing', async () => {
    const store = await openStore({ kind: 'folder', root })
    const folders = ['', 'objects', 'types', 'aside', 'multipart'].map((name) => join(root, name))
    const changed = () => folders.map((folder) => statSync(folder).mtimeMs)
    for (const folder of folders) utimesSync(folder, 1, 1)
    await store.check()
    expect(changed()).toEqual(folders.map(() => 1000))
    rmSync(join(root, 'multipart'), { recursive: true })
    await expect(store.check()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('multipart') as string,
    })
  })

  it('removes half-written files of a crash once they are a day old', async () => {
    await openStore({ kind: 'folder', root })
    for (const name of ['old', 'new']) writeFileSync(join(root, 'aside', name), 'half')
    utimesSync(join(root, 'aside', 'old'), Date.now() / 1000 - 90_000, Date.now() / 1000 - 90_000)
    await openStore({ kind: 'folder', root })
    expect(readdirSync(join(root, 'aside'))).toEqual(['new'])
  })

  it('says what is wrong where a key is already the folder of others', async () => {
    const store = await openStore({ kind: 'folder', root })
    await store.put('a/b', Buffer.from('x'), binary)
    await expect(store.put('a', Buffer.from('x'), binary)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(store.put('a/b/c', Buffer.from('x'), binary)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(readdirSync(join(root, 'aside'))).toEqual([])
  })

  it('does not sign without a key', async () => {
    const store = await openStore({ kind: 'folder', root })
    expect(store.signedRoutes).toBeNull()
    await expect(store.signGet({ key: 'a', expiresSeconds: 60 })).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('keeps a part only when all of its bytes have arrived', async () => {
    const { store, publicUrl, stop } = await folderWithServer(root, randomBytes(32).toString('hex'))
    const part = randomBytes(1_000_000)
    const key = 'u/x.zip'
    const multipartId = await store.createMultipart(key, 'application/zip')
    const { url } = await store.signPart({
      key,
      multipartId,
      partNumber: 1,
      sha256: createHash('sha256').update(part).digest('base64'),
      bytes: part.length,
      expiresSeconds: 60,
    })
    const sending = request(`${publicUrl}${url.slice(publicUrl.length)}`, {
      method: 'PUT',
      headers: { 'content-length': part.length },
    })
    sending.on('error', () => {})
    await new Promise((resolve) => {
      sending.write(part.subarray(0, 500_000), resolve)
    })
    const upload = join(root, 'multipart', multipartId)
    await until(() => readdirSync(upload).length === 2)
    sending.destroy()
    await until(() => readdirSync(upload).length === 1)
    expect(readdirSync(upload)).toEqual(['upload.json'])
    stop()
  })

  it('refuses an upload of another key, and ids that leave the folder', async () => {
    const store = await openStore({ kind: 'folder', root })
    const multipartId = await store.createMultipart('u/x.zip', 'application/zip')
    await expect(store.listParts({ key: 'u/y.zip', multipartId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    for (const id of ['../objects', '..', '', multipartId.toUpperCase() + '/..']) {
      await expect(store.listParts({ key: 'u/x.zip', multipartId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(store.abortMultipart({ key: 'u/x.zip', multipartId: id })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
    }
    expect(existsSync(join(root, 'objects'))).toBe(true)
  })

  // Only root can mount a small file system.
  it.skipIf(process.getuid?.() !== 0)('throws DISK_FULL on a full disk, and leaves no file', async () => {
    const disk = join(root, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      return // not allowed here
    }
    try {
      const store = await openStore({ kind: 'folder', root: disk })
      await store.put('small', Buffer.from('x'), binary)
      await expect(store.put('large', randomBytes(3_000_000), binary)).rejects.toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringContaining(`${disk} on the machine ${hostname()}`) as string,
      })
      expect(readdirSync(join(disk, 'aside'))).toEqual([])
      await store.put('small', Buffer.from('y'), binary)
      const multipartId = await store.createMultipart('u/x', 'x/y')
      expect(await store.listParts({ key: 'u/x', multipartId })).toEqual([])
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it('takes a link as its root, and refuses a file', async () => {
    mkdirSync(join(root, 'real'))
    symlinkSync(join(root, 'real'), join(root, 'link'))
    const store = await openStore({ kind: 'folder', root: join(root, 'link') })
    await store.put('x', Buffer.from('x'), binary)
    expect(existsSync(join(root, 'real', 'objects', 'x'))).toBe(true)
    writeFileSync(join(root, 'file'), '')
    await expect(openStore({ kind: 'folder', root: join(root, 'file') })).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('the configuration of a store', () => {
  it('is read from the environment', () => {
    expect(storeConfigFromEnv({ OBJECT_STORE_URL: 'file:///data/a%20b', IMCLR_SIGNING_KEY: 'ab' })).toEqual({
      kind: 'folder',
      root: '/data/a b',
      signingKey: 'ab',
    })
    expect(
      storeConfigFromEnv({
        OBJECT_STORE_URL: 's3://bucket.name?endpoint=http://host:9000&region=eu',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 's',
        OBJECT_STORE_PUBLIC_ENDPOINT: 'https://s3.example',
      }),
    ).toEqual({
      kind: 's3',
      bucket: 'bucket.name',
      endpoint: 'http://host:9000',
      region: 'eu',
      publicEndpoint: 'https://s3.example',
      accessKeyId: 'a',
      secretAccessKey: 's',
    })
    expect(storeConfigFromEnv({ OBJECT_STORE_URL: 's3://bucket' })).toMatchObject({
      region: 'us-east-1',
      endpoint: undefined,
    })
  })

  it.each([undefined, '', 'bucket', 'http://host/bucket', 's3:///x'])(
    'is BAD_INPUT where OBJECT_STORE_URL is %j',
    (url) => {
      expect(() => storeConfigFromEnv({ OBJECT_STORE_URL: url })).toThrow(/OBJECT_STORE_URL/)
    },
  )
})

describe('a bucket that does not answer', () => {
  it('is STORE_UNAVAILABLE within seconds', async () => {
    const store = await openStore(
      storeConfigFromEnv({
        OBJECT_STORE_URL: 's3://b?endpoint=http://127.0.0.1:9',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 's',
      }),
    )
    const began = Date.now()
    await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(store.put('x', Buffer.from('x'), binary)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(Date.now() - began).toBeLessThan(15_000)
    await store.close()
  })
})
