/** The map of the bucket. Every key is made here; prefixes end with a slash, so that a file's key is prefix + path. */
import { Failure } from '@imclr/contract'

const project = (projectId: string) => `projects/${projectId}/`
const job = (projectId: string, jobId: string) => `${project(projectId)}jobs/${jobId}/`

export const keys = {
  project,
  uploadPrefix: (projectId: string, uploadId: string) => `${project(projectId)}uploads/${uploadId}/`,
  upload: (projectId: string, uploadId: string, fileName: string) =>
    `${project(projectId)}uploads/${uploadId}/${safeName(fileName)}`,
  job,
  /** All that one attempt writes and no other does. */
  attempt: (projectId: string, jobId: string, attempt: number) => `${job(projectId, jobId)}attempts/${attempt}/`,
  /** A version's or a model's files, where the attempt succeeds. */
  output: (projectId: string, jobId: string, attempt: number) => `${job(projectId, jobId)}attempts/${attempt}/output/`,
  /** Shared by the attempts of a job. */
  checkpoints: (projectId: string, jobId: string) => `${job(projectId, jobId)}checkpoints/`,
} as const

/** What may stand at the end of a key of a name that a user chose; never empty, never a folder's name. */
function safeName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(-100)
  return plain === '' ? 'archive' : plain
}

const maxKeyBytes = 1024
const maxNameBytes = 255
// eslint-disable-next-line no-control-regex
const forbiddenCharacters = /[\u0000-\u001f\u007f\\]/

/** Throws Failure BAD_INPUT for a key that no store can keep, or that would leave a folder store's root. */
export function assertKey(key: string): void {
  const names = key.split('/')
  const good =
    Buffer.byteLength(key) <= maxKeyBytes &&
    names.every(
      (name) =>
        name !== '' &&
        name !== '.' &&
        name !== '..' &&
        Buffer.byteLength(name) <= maxNameBytes &&
        !forbiddenCharacters.test(name),
    )
  if (!good)
    throw new Failure(
      'BAD_INPUT',
      `${JSON.stringify(key.slice(0, 200))} is not a key: names of at most ${maxNameBytes} bytes between single slashes, at most ${maxKeyBytes} bytes in all`,
    )
}

/** A prefix is a key with a slash at its end. */
export function assertPrefix(prefix: string): void {
  if (!prefix.endsWith('/'))
    throw new Failure('BAD_INPUT', `${JSON.stringify(prefix.slice(0, 200))} is not a prefix: it must end with a slash`)
  assertKey(prefix.slice(0, -1))
}
