/**
 * The map of the bucket: every key is made here. A prefix ends with a slash; the key of a file that a manifest lists is
 * prefix + path.
 */
import { artifactPaths, Failure } from '@imclr/contract'

const project = (projectId: string) => `projects/${projectId}/`
const job = (projectId: string, jobId: string) => `${project(projectId)}jobs/${jobId}/`

export const keys = {
  project,
  uploadPrefix: (projectId: string, uploadId: string) => `${project(projectId)}uploads/${uploadId}/`,
  upload: (projectId: string, uploadId: string, fileName: string) =>
    `${project(projectId)}uploads/${uploadId}/${safeName(fileName)}`,
  job,
  /** What one attempt alone writes. */
  attempt: (projectId: string, jobId: string, attempt: number) => `${job(projectId, jobId)}attempts/${attempt}/`,
  /** The files of the version, model or evaluation that the attempt makes. */
  output: (projectId: string, jobId: string, attempt: number) => `${job(projectId, jobId)}attempts/${attempt}/output/`,
  /** Shared by the attempts of a job. */
  checkpoints: (projectId: string, jobId: string) => `${job(projectId, jobId)}checkpoints/`,
  /** Written last: where it is missing, so is the version, model or evaluation. */
  manifest: (prefix: string) => prefix + artifactPaths.manifest,
  report: (prefix: string) => prefix + artifactPaths.report,
  /** The layers of an uploaded network, beside its weights. */
  network: (uploadPrefix: string) => `${uploadPrefix}network.json`,
  checkpoint: (checkpointPrefix: string, { epoch, step }: { epoch: number; step: number }) =>
    `${checkpointPrefix}${epoch}-${step}/`,
  checkpointTensors: (checkpoint: string) => `${checkpoint}state.bin`,
  /** Written last: where it is missing, so is the checkpoint. */
  checkpointState: (checkpoint: string) => `${checkpoint}state.json`,
  /** Changed test images that evaluations share; what lies under a version's prefix is collected with it. */
  pictures: (versionPrefix: string, { content, generator, seed, set }: PictureSet) =>
    `${versionPrefix}pictures/${content.slice(0, 16)}-v${generator}-seed${seed}-${set}/`,
} as const

/** What decides which changed test images a version has. */
interface PictureSet {
  /** Sha256 of the version's content. */
  content: string
  /** Version of the code that changes the images. */
  generator: number
  seed: number
  /** What else decides, and in which order the images are. */
  set: string
}

/** A file name that a user chose, as the end of a key may be: never empty, never the name of a folder. */
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

/** Throws Failure BAD_INPUT for a prefix that is not a key with a slash at its end. */
export function assertPrefix(prefix: string): void {
  if (!prefix.endsWith('/'))
    throw new Failure('BAD_INPUT', `${JSON.stringify(prefix.slice(0, 200))} is not a prefix: it must end with a slash`)
  assertKey(prefix.slice(0, -1))
}
