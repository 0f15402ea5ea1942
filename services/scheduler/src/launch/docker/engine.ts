/** The one door to the Docker Engine API. What the engine says in its own words becomes ours here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Transform, type Readable, type TransformCallback } from 'node:stream'
import { Failure } from '@imclr/contract'
import Docker, { type ContainerCreateOptions, type ContainerInspectInfo } from 'dockerode'
import { pack } from 'tar-stream'

export interface Engine {
  hasImage(image: string): Promise<boolean>
  /** Resolves when the image is there. `onProgress` gets the bytes of all layers that are known so far. */
  pull(image: string, onProgress: (done: number, total: number) => void): Promise<void>
  /** Throws Failure CONFLICT where a container of that name is there. */
  create(options: ContainerCreateOptions): Promise<void>
  /** Writes a file into a folder of a container that was created, with these owners. */
  putFile(container: string, file: { folder: string; name: string; bytes: Buffer; uid: number }): Promise<void>
  start(container: string): Promise<void>
  /** Null: there is no such container. */
  inspect(container: string): Promise<ContainerInspectInfo | null>
  /** Does nothing where the container is gone or does not run. */
  kill(container: string, signal: string): Promise<void>
  unpause(container: string): Promise<void>
  /** Standard output from its first byte, and on while the container runs. Null: there is no such container. */
  output(container: string): Promise<Readable | null>
  /**
   * The last lines of a stream, each with its time where `timestamps` asks for it. Empty: there is no such container.
   */
  lastLines(
    container: string,
    options: { of: 'stdout' | 'stderr'; lines: number; timestamps: boolean },
  ): Promise<string>
  /** Ends the container where it runs, and deletes it with its volumes. Does nothing where it is gone. */
  remove(container: string): Promise<void>
  /** Containers with all of these labels, whether they run or not. */
  list(labels: Record<string, string>): Promise<FoundContainer[]>
}

export interface FoundContainer {
  name: string
  labels: Record<string, string>
  isRunning: boolean
}

export interface EngineAddress {
  /** As Docker's own programs have it: unix:///path, tcp://host:port. */
  host: string
  /** A folder with ca.pem, cert.pem and key.pem; null: no TLS. */
  certificates: string | null
}

export function openEngine(address: EngineAddress): Engine {
  const docker = new Docker(connectionOf(address))

  async function list(labels: Record<string, string>): Promise<FoundContainer[]> {
    const filters = { label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }
    const found = await told(docker.listContainers({ all: true, filters }))
    return found.map(({ Names, Labels, State }) => ({
      name: Names[0]!.slice(1),
      labels: Labels,
      isRunning: runningStates.has(State),
    }))
  }

  return {
    hasImage: async (image) => (await unlessGone(docker.getImage(image).inspect())) !== null,
    async pull(image, onProgress) {
      const layers = new Map<string, { current: number; total: number }>()
      const onLayer = ({ id, progressDetail }: PullProgress): void => {
        if (id === undefined || progressDetail?.total === undefined) return
        layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total })
        const all = [...layers.values()]
        onProgress(
          all.reduce((sum, { current }) => sum + current, 0),
          all.reduce((sum, { total }) => sum + total, 0),
        )
      }
      try {
        const stream = (await docker.pull(image)) as NodeJS.ReadableStream
        await new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()), onLayer)
        })
      } catch (cause) {
        const failure = failureOf(cause)
        if (failure.code === 'LAUNCHER_UNAVAILABLE' || failure.code === 'DISK_FULL') throw failure
        throw new Failure(
          'IMAGE_UNAVAILABLE',
          `the image ${image} is not there and cannot be pulled: ${wordsOf(cause)}`,
          { cause },
        )
      }
    },
    create: async (options) => void (await told(docker.createContainer(options))),
    async putFile(container, { folder, name, bytes, uid }) {
      const archive = pack()
      archive.entry({ name, mode: 0o600, uid, gid: uid, size: bytes.length }, bytes)
      archive.finalize()
      await told(docker.getContainer(container).putArchive(archive as unknown as Readable, { path: folder }))
    },
    start: async (container) => void (await told(docker.getContainer(container).start())),
    inspect: (container) => unlessGone(docker.getContainer(container).inspect()),
    async kill(container, signal) {
      await told(docker.getContainer(container).kill({ signal })).catch(unless('NOT_FOUND', 'CONFLICT'))
    },
    async unpause(container) {
      await told(docker.getContainer(container).unpause()).catch(unless('NOT_FOUND', 'CONFLICT'))
    },
    async output(container) {
      const source = await unlessGone(
        docker.getContainer(container).logs({ follow: true, stdout: true, stderr: false }),
      )
      if (source === null) return null
      const payload = withoutHeaders()
      const readable = source as Readable
      readable.on('error', (error) => payload.destroy(error)).on('close', () => payload.end())
      payload.on('close', () => readable.destroy())
      return readable.pipe(payload)
    },
    async lastLines(container, { of, lines, timestamps }) {
      const options = {
        follow: false as const,
        stdout: of === 'stdout',
        stderr: of === 'stderr',
        tail: lines,
        timestamps,
      }
      const bytes = await unlessGone(docker.getContainer(container).logs(options))
      if (bytes === null) return ''
      const payload = withoutHeaders()
      payload.end(bytes)
      return Buffer.concat((await payload.toArray()) as Buffer[]).toString('utf8')
    },
    async remove(container) {
      await told(docker.getContainer(container).remove({ force: true, v: true })).catch(unless('NOT_FOUND', 'CONFLICT'))
    },
    list,
  }
}

interface PullProgress {
  id?: string
  progressDetail?: { current?: number; total?: number }
}

/** A paused container counts: it goes on when it is unpaused. */
const runningStates: ReadonlySet<string> = new Set(['running', 'paused', 'restarting'])

function connectionOf({ host, certificates }: EngineAddress): Docker.DockerOptions {
  const { protocol, hostname, port, pathname } = new URL(host)
  if (protocol === 'unix:') return { socketPath: pathname }
  const read = (name: string): string => readFileSync(join(certificates!, name), 'utf8')
  return {
    protocol: certificates === null ? 'http' : 'https',
    host: hostname,
    port: port || (certificates === null ? 2375 : 2376),
    ...(certificates !== null && { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }),
  }
}

/**
 * Takes the headers out of the engine's stream of frames: the stream's number, three zeros, and the length of what
 * follows in 4 bytes, big end first (Engine API, "Attach to a container").
 */
function withoutHeaders(): Transform {
  let pending: Buffer = Buffer.alloc(0)
  let left = 0 // of the frame's payload
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk
      for (;;) {
        if (left > 0) {
          const taken = pending.subarray(0, left)
          if (taken.length > 0) this.push(taken)
          left -= taken.length
          pending = pending.subarray(taken.length)
          if (left > 0) break
        }
        if (pending.length < 8) break
        left = pending.readUInt32BE(4)
        pending = pending.subarray(8)
      }
      done()
    },
  })
}

const told = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw failureOf(error)
  })

async function unlessGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await told(answer)
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_FOUND') return null
    throw error
  }
}

/** For `catch`: passes over failures that are as good as done. */
const unless =
  (...codes: string[]) =>
  (error: unknown): void => {
    if (!(error instanceof Failure) || !codes.includes(error.code)) throw error
  }

interface EngineError extends Error {
  statusCode?: number
  reason?: string
  code?: string
  json?: { message?: string }
}

/** What the engine said, without what its client adds. */
function wordsOf(cause: unknown): string {
  const { json, reason, message, code } = cause as EngineError
  return json?.message ?? reason ?? (message || code || 'it gave no reason')
}

/** The engine's answer as a failure. */
function failureOf(cause: unknown): Failure {
  const { statusCode } = cause as EngineError
  const words = wordsOf(cause)
  if (/no space left on device/i.test(words))
    return new Failure('DISK_FULL', `the Docker engine's disk is full: ${words}`, { cause })
  if (statusCode === undefined)
    return new Failure('LAUNCHER_UNAVAILABLE', `the Docker engine does not answer: ${words}`, { cause })
  if (statusCode === 404) return new Failure('NOT_FOUND', `the Docker engine: ${words}`, { cause })
  if (statusCode === 409) return new Failure('CONFLICT', `the Docker engine: ${words}`, { cause })
  return new Failure('INTERNAL', `the Docker engine refused (${statusCode}): ${words}`, { cause })
}
