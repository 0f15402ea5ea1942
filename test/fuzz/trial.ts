import { fork, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plainText, type Issue, type PrepareOptionsInput } from '@imclr/contract'

const root = [new URL('../..', import.meta.url), new URL('../../..', import.meta.url)]
  .map((url) => fileURLToPath(url))
  .find((folder) => existsSync(join(folder, 'vitest.config.ts')))!
const program = join(root, 'test/fuzz/child.mjs')

/** How preparing an upload ended, and what it cost. */
export interface Ending {
  /**
   * Null: it became a version. 'THROWN': something that is no failure of ours; 'SILENT': no answer in time; 'DIED': its
   * process ended.
   */
  code: string | null
  message: string
  /** Characters of the failure as it is stored and sent. */
  words: number
  /** The first few. */
  issues: Issue[]
  seconds: number
  /** Bytes that its process grew by. */
  grown: number
  /** Files that stayed open. */
  leaked: number
}

/**
 * What an upload may cost: a stated multiple of what it holds when it is unpacked. Loose, since machines are shared and
 * collectors lazy.
 */
export interface Allowance {
  seconds: number
  bytes: number
}

export const allowed = (unpacked: number, spare = 0): Allowance => ({
  seconds: 20 + (5 * unpacked) / 2 ** 20,
  bytes: 400 * 2 ** 20 + spare + 40 * unpacked,
})

const endings = [null, 'ARCHIVE_UNREADABLE', 'ARCHIVE_UNSAFE', 'DATASET_INVALID', 'DATASET_TOO_LARGE']
const mostWords = 2 ** 20

/** What is wrong with an ending; null where it is as it must be. */
export function complaint(
  { code, message, words, issues, seconds, grown, leaked }: Ending,
  allowance: Allowance,
): string | null {
  if (!endings.includes(code)) return `it ended as ${code}: ${message}`
  if (code === 'DATASET_INVALID' && issues.length === 0 && !/stored evaluation set/.test(message))
    return `${code} names no place: ${message}`
  if (words > mostWords) return `its failure has ${words} characters`
  if ([message, ...issues.flatMap((issue) => [issue.path, issue.message])].some((text) => text !== plainText(text)))
    return `its words cannot be stored: ${JSON.stringify(message)}`
  if (leaked > 4) return `it left ${leaked} files open`
  if (seconds > allowance.seconds)
    return `it took ${seconds.toFixed(1)} s, where ${allowance.seconds.toFixed(1)} are allowed`
  if (grown > allowance.bytes)
    return `it took ${Math.round(grown / 2 ** 20)} MiB of memory, where ${Math.round(allowance.bytes / 2 ** 20)} are allowed`
  return null
}

/** Beyond, a child is replaced: what an earlier upload has taken would hide what a later one takes. */
const mostPeak = 700 * 2 ** 20
const mostUploads = 200

/** Processes that prepare uploads, one at a time; one that does not answer is ended. */
export class Trial implements AsyncDisposable {
  #child: ChildProcess | undefined
  #uploads = 0
  #folder: string | undefined

  /** @param limitSeconds how long to wait for an answer */
  async prepare(
    upload: Uint8Array,
    { limitSeconds, options }: { limitSeconds: number; options?: PrepareOptionsInput },
  ): Promise<Ending> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'imclr-fuzz-'))
    const path = join(this.#folder, 'upload')
    await writeFile(path, upload)
    this.#child ??= await started()
    const child = this.#child
    const { ending, peak } = await answer(child, { path, options }, limitSeconds)
    if (peak > mostPeak || ++this.#uploads > mostUploads) await this.#end()
    return ending
  }

  async #end(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#uploads = 0
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (child.connected) child.disconnect()
    else child.kill('SIGKILL')
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}

async function started(): Promise<ChildProcess> {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}; build first (npm run build)`)))
  })
  child.removeAllListeners('exit')
  return child
}

async function answer(
  child: ChildProcess,
  asked: { path: string; options?: PrepareOptionsInput | undefined },
  limitSeconds: number,
): Promise<{ ending: Ending; peak: number }> {
  const none = { words: 0, issues: [], seconds: limitSeconds, grown: 0, leaked: 0 }
  return await new Promise((resolve) => {
    const done = (ending: Ending, peak: number) => {
      clearTimeout(timer)
      child.removeAllListeners('message').removeAllListeners('exit')
      resolve({ ending, peak })
    }
    const timer = setTimeout(() => {
      child.removeAllListeners('message').removeAllListeners('exit')
      child.once('exit', () =>
        done({ ...none, code: 'SILENT', message: `it gave no answer in ${limitSeconds.toFixed(0)} s` }, Infinity),
      )
      child.kill('SIGKILL')
    }, limitSeconds * 1000)
    child.once('message', (ending: Ending & { peak: number }) => done(ending, ending.peak))
    child.once('exit', (code, signal) =>
      done({ ...none, code: 'DIED', message: `its process ended with ${code ?? signal}` }, Infinity),
    )
    child.send(asked)
  })
}
