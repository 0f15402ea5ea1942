/** What the tests of preparing share: archives out of entries, small pictures, and one call that prepares an archive in a store of its own. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync, crc32 } from 'node:zlib'
import { Failure, prepareOptions } from '@imclr/contract'
import type { DatasetManifest, PrepareOptionsInput, Progress } from '@imclr/contract'
import { openStore } from '@imclr/storage'
import type { ObjectStore } from '@imclr/storage'
import tar from 'tar-stream'
import yazl from 'yazl'
import { readDatasetManifest } from '../../../services/trainer/src/data/loadSplit.js'
import { prepare } from '../../../services/trainer/src/prepare.js'

/** A path and what is in it; null: a folder. */
export type Entries = [path: string, content: Uint8Array | string | null][]

export function zipOf(entries: Entries): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  for (const [path, content] of entries) {
    if (content === null) zip.addEmptyDirectory(path)
    else zip.addBuffer(Buffer.from(content), path)
  }
  zip.end()
  return collect(zip.outputStream)
}

export function tarOf(entries: Entries, special: Parameters<tar.Pack['entry']>[0][] = []): Promise<Buffer> {
  const pack = tar.pack()
  for (const [path, content] of entries) {
    if (content === null) pack.entry({ name: path, type: 'directory' })
    else pack.entry({ name: path }, Buffer.from(content))
  }
  for (const header of special) pack.entry(header)
  pack.finalize()
  return collect(pack)
}

export const tarGzOf = async (entries: Entries): Promise<Buffer> => gzipSync(await tarOf(entries))

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A PNG written by hand, by its specification. @param samples `[height, width, channels]` */
export function pngOf(samples: Uint8Array, { height, width, channels = 3, level = 1 }: { height: number; width: number; channels?: 1 | 3; level?: number }): Buffer {
  const rows = Buffer.alloc(height * (1 + width * channels))
  for (let y = 0; y < height; y++) rows.set(samples.subarray(y * width * channels, (y + 1) * width * channels), y * (1 + width * channels) + 1)
  return pngFile({ height, width, colour: channels === 3 ? 2 : 0 }, deflateSync(rows, { level }))
}

/** Header, one data chunk and end. @param colour 0: gray, 2: RGB */
export function pngFile({ height, width, colour }: { height: number; width: number; colour: number }, data: Uint8Array): Buffer {
  const chunk = (type: string, body: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(body.length)
    sum.writeUInt32BE(crc32(typed))
    return Buffer.concat([length, typed, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colour, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())])
}

/** Noise that differs with `seed`: uint8 `[count]`. */
export function noise(seed: number, count: number): Uint8Array {
  let state = (seed + 1) * 2_654_435_761
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

/** A picture of noise, no two seeds alike. */
export const noisePng = (seed: number, side = 16): Buffer => pngOf(noise(seed, side * side * 3), { height: side, width: side })

/** `count` pictures in a folder. */
export const folderOf = (folder: string, count: number, { seed = 0, side = 16 } = {}): Entries =>
  Array.from({ length: count }, (_, i) => [`${folder}/${String(i).padStart(3, '0')}.png`, noisePng(seed + i, side)])

export interface Prepared {
  manifest: DatasetManifest
  manifestSha256: string
  store: ObjectStore
  progress: Progress[]
}

export const outputPrefix = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/jobs/job_aaaaaaaaaaaaaaaaaaaa/attempts/1/output/'

/** A folder store with an upload in it, and a folder to work in; both go when it is disposed of. */
export async function workplace() {
  const root = await mkdtemp(join(tmpdir(), 'imclr-prepare-'))
  const store = await openStore({ kind: 'folder', root: join(root, 'objects') })
  const workDir = await mkdtemp(join(root, 'work-'))
  return {
    store,
    workDir,
    root,
    prepare: async (archive: Uint8Array, options: PrepareOptionsInput = {}, change: { maxBytes?: number; maxImages?: number; signal?: AbortSignal } = {}): Promise<Prepared> => {
      const uploadKey = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
      await store.put(uploadKey, archive, { contentType: 'application/octet-stream' })
      const progress: Progress[] = []
      const { signal = new AbortController().signal, maxBytes = 2 ** 30, maxImages = 100_000 } = change
      const { manifestSha256 } = await prepare({
        jobFile: { schemaVersion: 1, kind: 'prepare', jobId: 'job_aaaaaaaaaaaaaaaaaaaa', projectId: 'prj_aaaaaaaaaaaaaaaaaaaa', attempt: 1, options: prepareOptions.parse(options), uploadKey, uploadName: 'archive', outputPrefix, maxBytes, maxImages },
        store, workDir, signal, progress: (state) => progress.push(state),
      })
      return { manifest: await readDatasetManifest(store, outputPrefix), manifestSha256, store, progress }
    },
    /** What a refusal must leave: nothing, neither in the store nor on the disk. */
    leftovers: async (): Promise<string[]> => {
      const left = await readdir(workDir)
      for await (const { key } of store.list(outputPrefix)) left.push(key)
      return left
    },
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** The failure that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(() => new Error('it did not fail'), (reason: unknown) => reason)
  if (error instanceof Failure) return error
  throw error
}
