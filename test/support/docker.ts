import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { partPath } from './findPart.js'
import { protocolTrainer } from './spawnService.js'
import { makeFolder, startServer, type Server } from './startServer.js'

const execute = promisify(execFile)

export interface DockerEngine extends Server {
  /** As DOCKER_HOST has it. */
  host: string
  /** A network from which containers reach this machine, and nothing behind it. */
  network: string
  /** This machine's address in that network. */
  gateway: string
  /** Runs the engine's own program and gives what it wrote. */
  docker(...args: string[]): Promise<string>
}

/** A Docker engine of its own, with nothing in it. Needs root. Engines of several tests take turns: they share the machine's packet filter. */
export async function dockerEngine(): Promise<DockerEngine> {
  const folder = makeFolder('docker')
  const host = `unix://${folder}/docker.sock`
  const docker = async (...args: string[]): Promise<string> =>
    (await execute(partPath('docker'), ['--host', host, ...args], { maxBuffer: 1 << 26 })).stdout
  const paths = { 'data-root': 'data', 'exec-root': 'exec', pidfile: 'pid' }
  const server = await startServer({
    name: 'dockerd',
    folder,
    command: 'flock',
    args: [
      ...['--no-fork', '/tmp/imclr-test-docker.lock', partPath('dockerd')],
      ...['--host', host, '--bridge', 'none', '--log-level', 'error'],
      ...Object.entries(paths).flatMap(([option, name]) => [`--${option}`, join(folder, name)]),
    ],
    stopSignal: 'TERM',
    isReady: () =>
      docker('info').then(
        () => true,
        () => false,
      ),
  })
  const network = 'inner'
  await docker('network', 'create', '--internal', network)
  const gateway = await docker('network', 'inspect', network, '--format', '{{(index .IPAM.Config 0).Gateway}}')
  return { ...server, host, docker, network, gateway: gateway.trim() }
}

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
