/**
 * What the tests of preparing share: archives out of entries, small pictures, and one call that prepares an archive in
 * a store of its own.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Failure, prepareOptions } from '@imclr/contract'
import type { DatasetManifest, PrepareJobFile, PrepareOptionsInput, Progress } from '@imclr/contract'
import { openStore } from '@imclr/storage'
import type { ObjectStore } from '@imclr/storage'
import tar from 'tar-stream'
import yazl from 'yazl'
import { noise, pngOf } from '../../support/png.js'
import { readDatasetManifest } from '@imclr/trainer/input/testing'
import { type Emitter } from '@imclr/trainer/events/testing'
import { prepare } from '@imclr/trainer/jobs/testing'

export { noise, pngFile, pngOf } from '../../support/png.js'

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

/** A picture of noise, no two seeds alike. */
export const noisePng = (seed: number, side = 16): Buffer =>
  pngOf(noise(seed, side * side * 3), { height: side, width: side })

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

/** Nobody asks anything of the job. */
const idle = { request: null, ask: () => undefined, suspendAtOnce: () => undefined }

/** A folder store with an upload in it, and a folder to work in; both go when it is disposed of. */
export async function workplace() {
  const root = await mkdtemp(join(tmpdir(), 'imclr-prepare-'))
  const store = await openStore({ kind: 'folder', root: join(root, 'objects') })
  const workDir = await mkdtemp(join(root, 'work-'))
  return {
    store,
    workDir,
    root,
    prepare: async (
      archive: Uint8Array,
      options: PrepareOptionsInput = {},
      change: { maxBytes?: number; maxImages?: number; signal?: AbortSignal } = {},
    ): Promise<Prepared> => {
      const uploadKey = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
      await store.put(uploadKey, archive, { contentType: 'application/octet-stream' })
      const progress: Progress[] = []
      const { signal = new AbortController().signal, maxBytes = 2 ** 30, maxImages = 100_000 } = change
      let manifestSha256 = ''
      const job: PrepareJobFile = {
        schemaVersion: 1,
        kind: 'prepare',
        jobId: 'job_aaaaaaaaaaaaaaaaaaaa',
        projectId: 'prj_aaaaaaaaaaaaaaaaaaaa',
        attempt: 1,
        options: prepareOptions.parse(options),
        uploadKey,
        uploadName: 'archive',
        outputPrefix,
        maxBytes,
        maxImages,
      }
      const emitter: Emitter = {
        progress: (state) => void progress.push(state),
        emit: (event) => {
          if (event.type === 'output') manifestSha256 = event.manifestSha256
        },
      }
      await prepare(job, { store, emitter, control: { ...idle, signal }, workDir })
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
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof Failure) return error
  throw error
}
