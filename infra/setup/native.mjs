/**
 * Sets up the engine's native part: TensorFlow's libraries from the pinned wheel, and the addon of tfjs-node compiled
 * against them.
 *
 *   node infra/setup/native.mjs
 *
 * Once it is done, finding that out costs a few milliseconds. Everything is made in a temporary folder and renamed into
 * place, under a lock in the cache. So the next run repairs an interrupted one, and two at once wait for each other.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAddon, enginePackage, isInPlace, placeAddon, root, stampAddon } from './addon.mjs'
import { cacheFolder, lockCache } from './cacheFolder.mjs'
import { runCommand } from './command.mjs'
import { findCompiler } from './compiler.mjs'
import { wantsGpu } from './gpu.mjs'
import { pinFor } from './pins.mjs'
import { asDiskProblem, describeProblem, SetUpProblem } from './problem.mjs'
import { readOptions } from './readOptions.mjs'
import { cachedLibrary, fetchLibrary, givenLibrary } from './tensorflow.mjs'

/**
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<{ did: 'nothing' | 'placed', library: string, seconds: number }>}
 * @throws {SetUpProblem} with the problem and its fix
 */
export async function setUpNative({ log = console.log } = {}) {
  const began = process.uptime()
  const seconds = () => Math.round((process.uptime() - began) * 1000) / 1000
  const cache = cacheFolder()
  const engine = enginePackage()
  const given = process.env.IMCLR_LIBTENSORFLOW ? givenLibrary(process.env.IMCLR_LIBTENSORFLOW) : null
  const pin = given ? null : pinFor({ platform: process.platform, arch: process.arch, gpu: wantsGpu() })
  const known = given ?? cachedLibrary(cache, pin)
  if (known && isInPlace(engine, known)) return { did: 'nothing', library: known.folder, seconds: seconds() }

  checkLibc()
  const compiler = await findCompiler()
  if (pin?.untested) log(`note: ${pin.untested}`)
  const release = await lockCache(cache, log)
  try {
    rmSync(join(cache, 'tmp'), { recursive: true, force: true })
    const library = given ?? cachedLibrary(cache, pin) ?? (await fetchLibrary(cache, pin, log))
    placeAddon(engine, await buildAddon({ cache, engine, library, compiler, log }))
    await prove(log)
    stampAddon(engine, library)
    log(`engine ready in ${seconds()} s (${library.folder})`)
    return { did: 'placed', library: library.folder, seconds: seconds() }
  } catch (error) {
    throw asDiskProblem(error, cache)
  } finally {
    release()
  }
}

async function prove(log) {
  log('proving the engine with one training step')
  const { code, out, err } = await runCommand(process.execPath, [join(root, 'infra', 'setup', 'proof.mjs')])
  if (code === 0) return log(`  it learns: TensorFlow ${JSON.parse(out.trim().split('\n').at(-1)).tensorflow}`)
  if (/GLIBC|libstdc\+\+|GLIBCXX/.test(err)) {
    throw new SetUpProblem(
      'old-system',
      `the system's C or C++ library is too old for TensorFlow: ${err
        .trim()
        .split('\n')
        .find((line) => /GLIBC|stdc/.test(line))}`,
      ['use a system with glibc 2.27 and GCC 9 or newer (Debian 11, Ubuntu 20.04, RHEL 9)'],
    )
  }
  if (/illegal instruction|SIGILL/i.test(err))
    throw new SetUpProblem('old-cpu', 'the CPU lacks the instructions TensorFlow was built for (AVX)', [
      'use a machine with AVX2',
    ])
  throw new SetUpProblem(
    'proof',
    `the engine was built, but its first training step failed: ${(err || out).trim().slice(-500)}`,
    [`remove ${cacheFolder()} and run npm run setup again; if it fails again, npm run doctor describes this machine`],
  )
}

function checkLibc() {
  if (process.platform !== 'linux') return
  const version = process.report.getReport().header.glibcVersionRuntime
  if (!version)
    throw new SetUpProblem('musl', 'this system uses musl, and TensorFlow is built for glibc', [
      'use a glibc system (Debian, Ubuntu, Fedora) or the Docker image',
    ])
  const [major, minor] = version.split('.').map(Number)
  if (major === 2 && minor < 27)
    throw new SetUpProblem('old-system', `glibc ${version} is older than 2.27, which TensorFlow needs`, [
      'use Debian 11, Ubuntu 20.04, RHEL 9 or newer',
    ])
}

const usage = `usage: npm run setup

Fetches TensorFlow with pip, compiles the addon and proves it with one training step. A second run costs nothing.

Environment variables: IMCLR_CACHE (where TensorFlow is kept), IMCLR_GPU (required or preferred: the CUDA engine, off: the CPU engine),
IMCLR_LIBTENSORFLOW (a folder with your own TensorFlow). pip's settings for mirrors apply.
`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  readOptions(usage)
  setUpNative().then(
    ({ did, library }) => did === 'nothing' && console.log(`engine is set up (${library})`),
    (error) => {
      console.error(describeProblem(error))
      process.exitCode = 1
    },
  )
}
