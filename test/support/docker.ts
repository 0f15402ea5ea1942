import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect } from 'vitest'
import { partPath } from './findPart.js'
import { protocolTrainer } from './spawnService.js'
import { makeFolder, startServer, type Server } from './startServer.js'

const execute = promisify(execFile)

export interface DockerEngine extends Server {
  /** As DOCKER_HOST has it. */
  host: string
  /**
   * A network from which containers reach this machine, and nothing behind it; of an engine without networks: this
   * machine's own.
   */
  network: string
  /** This machine's address in that network. */
  gateway: string
  /** Runs the engine's own program and gives what it wrote. */
  docker(...args: string[]): Promise<string>
  /** Kills the engine (SIGKILL) and waits until it has started again by itself. */
  crash(): Promise<void>
  /** Runs a shell script that sees the engine's disk, as the folder $1. */
  shell(script: string): Promise<void>
}

/** How long a test may have to wait for its turn with an engine, at most: give its hook or its test so much time. */
export const engineTurnMs = 15 * 60_000

export interface EngineOptions {
  /** Containers outlive the engine. */
  liveRestore?: boolean
  /** Size of the engine's disk, as mount has it: '400m'. Default: all that is free. */
  disk?: string
  /** Default: true. Without networks, containers use this machine's own, and the engine waits for no other. */
  networks?: boolean
}

/*
 * Starts the engine again whenever it ends, until it is told to end itself. What still runs then is ended first: with
 * live restore it would stay.
 */
const restarter = `
docker=$1 host=$2 pidfile=$3 disk=$4 data=$5; shift 5
[ -n "$disk" ] && mkdir "$data" && mount -t tmpfs -o size="$disk" imclr-test "$data"
end() {
  "$docker" --host "$host" ps -aq | xargs -r "$docker" --host "$host" rm -fv
  kill "$engine"; wait "$engine"
  [ -n "$disk" ] && umount "$data"
  exit 0
}
trap end TERM
while :; do rm -f "$pidfile"; "$@" & engine=$!; wait "$engine"; done
`

/**
 * A Docker engine of its own, with nothing in it. Needs root. Engines with networks take turns: they share the
 * machine's packet filter. Its logs rotate after a few lines unless a container asks for something else.
 */
export async function dockerEngine({
  liveRestore = false,
  disk = '',
  networks = true,
}: EngineOptions = {}): Promise<DockerEngine> {
  const folder = makeFolder('docker')
  const host = `unix://${folder}/docker.sock`
  const [pidFile, data] = [join(folder, 'pid'), join(folder, 'data')]
  const docker = async (...args: string[]): Promise<string> =>
    (await execute(partPath('docker'), ['--host', host, ...args], { maxBuffer: 1 << 26 })).stdout
  const isReady = (): Promise<boolean> =>
    docker('info').then(
      () => true,
      () => false,
    )
  const server = await startServer({
    name: 'dockerd',
    folder,
    // Its mounts are its own and end with it: else they keep its folder from being removed.
    command: 'unshare',
    args: [
      ...['--mount', ...(networks ? ['flock', '--no-fork', '/tmp/imclr-test-docker.lock'] : [])],
      ...['sh', '-c', restarter, 'sh', partPath('docker'), host, pidFile, disk, data, partPath('dockerd')],
      ...(networks ? [] : ['--iptables=false']),
      ...['--host', host, '--bridge', 'none', '--log-level', 'error', '--pidfile', pidFile],
      ...['--data-root', data, '--exec-root', join(folder, 'exec')],
      ...['--log-opt', 'max-size=2k', '--log-opt', 'max-file=2', '--log-opt', 'compress=true'],
      ...(liveRestore ? ['--live-restore'] : []),
    ],
    stopSignal: 'TERM',
    isReady,
    withinMs: engineTurnMs,
  })
  async function crash(): Promise<void> {
    const before = Number(readFileSync(pidFile, 'utf8'))
    process.kill(before, 'SIGKILL')
    await expect
      .poll(async () => (await isReady()) && Number(readFileSync(pidFile, 'utf8')) !== before, patience)
      .toBe(true)
  }
  const shell = async (script: string): Promise<void> => {
    const pid = readFileSync(pidFile, 'utf8')
    await execute('nsenter', ['--target', pid, '--mount', 'sh', '-c', script, 'sh', data])
  }
  const engine = { ...server, host, docker, crash, shell }
  if (!networks) return { ...engine, network: 'host', gateway: '127.0.0.1' }

  const network = 'inner'
  await docker('network', 'create', '--internal', network)
  const gateway = await docker('network', 'inspect', network, '--format', '{{(index .IPAM.Config 0).Gateway}}')
  return { ...engine, network, gateway: gateway.trim() }
}

const patience = { timeout: 60_000, interval: 50 }

/** Puts an image into the engine: this machine's Node, and the trainer that keeps the protocol, as one file. */
export async function importProtocolTrainer({ docker, folder }: DockerEngine, image: string): Promise<void> {
  const files = join(folder, 'image')
  const copy = (path: string): void => {
    mkdirSync(join(files, dirname(path)), { recursive: true })
    cpSync(path, join(files, path), { dereference: true })
  }
  copy(process.execPath)
  const libraries = execFileSync('ldd', [process.execPath])
    .toString()
    .matchAll(/(\/\S+) \(0x/g)
  for (const [, path] of libraries) copy(path!)
  await build({
    entryPoints: [protocolTrainer],
    outfile: join(files, 'trainer.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // Packages of the older module system call `require` for Node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  })
  const archive = join(folder, 'image.tar')
  await execute('tar', ['-C', files, '-cf', archive, '.'])
  await docker('import', '--change', `ENTRYPOINT ["${process.execPath}","/trainer.mjs"]`, archive, image)
}
