import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syncFolder, writeAtomically } from './cacheFolder.mjs'
import { runCommand } from './command.mjs'
import { asDiskProblem, SetUpProblem } from './problem.mjs'

/** The repository's root, which is where npm puts the packages. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The engine's package as npm installed it, without running its install script. */
export function enginePackage() {
  const require = createRequire(join(root, 'services', 'trainer', 'package.json'))
  try {
    const manifest = require.resolve('@tensorflow/tfjs-node-gpu/package.json')
    const headers = dirname(require.resolve('node-api-headers/package.json'))
    const folder = dirname(manifest)
    return {
      folder,
      headers: join(headers, 'include'),
      version: require(manifest).version,
      place: join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'),
    }
  } catch (error) {
    throw new SetUpProblem('no-packages', `the npm packages are not installed (${error.message.split('\n')[0]})`, [
      'npm ci',
    ])
  }
}

const stampOf = (engine) => join(dirname(engine.place), 'imclr-engine.json')
const sha256 = (content) => createHash('sha256').update(content).digest('hex')

/** Whether the addon that was proven for this library is still in place, unchanged. Takes a few milliseconds. */
export function isInPlace(engine, library) {
  try {
    const stamp = JSON.parse(readFileSync(stampOf(engine), 'utf8'))
    return (
      stamp.library === library.id &&
      stamp.folder === library.folder &&
      stamp.engine === engine.version &&
      stamp.addon === sha256(readFileSync(engine.place))
    )
  } catch {
    return false
  }
}

/**
 * Returns the path of the addon for this library and compiler in the cache; compiles it first if it is missing.
 *
 * @returns {Promise<string>}
 */
export async function buildAddon({ cache, engine, library, compiler, log }) {
  const sources = readdirSync(join(engine.folder, 'binding'))
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
  const key = sha256(
    [
      library.id,
      library.folder,
      engine.version,
      compiler.version,
      process.arch,
      ...sources.map((name) => sha256(readFileSync(join(engine.folder, 'binding', name)))),
    ].join('\n'),
  ).slice(0, 16)
  const folder = join(cache, 'addon', key)
  const built = join(folder, 'tfjs_binding.node')
  if (isWhole(folder, built)) return built

  log(`compiling the addon with ${compiler.version} (about 15 s)`)
  const temporary = join(cache, 'tmp', randomBytes(6).toString('hex'))
  mkdirSync(temporary, { recursive: true })
  const output = join(temporary, 'tfjs_binding.node')
  const mac = process.platform === 'darwin'
  const link = mac
    ? [
        '-undefined',
        'dynamic_lookup',
        join(library.folder, 'libtensorflow_cc.2.dylib'),
        join(library.folder, 'libtensorflow_framework.2.dylib'),
      ]
    : [`-L${library.folder}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2']
  const { code, err } = await runCommand(
    compiler.program,
    [
      '-O2',
      '-fPIC',
      '-shared',
      '-std=c++17',
      '-DNAPI_VERSION=8',
      '-DTARGET_NAME=tfjs_binding',
      `-I${engine.headers}`,
      `-I${join(library.folder, 'include')}`,
      `-I${engine.folder}`,
      ...sources.filter((name) => name.endsWith('.cc')).map((name) => join(engine.folder, 'binding', name)),
      '-o',
      output,
      ...link,
      `-Wl,-rpath,${library.folder}`,
      // Intermediate files go to the same disk as the result: only one disk can be full, and the message names it.
    ],
    { env: { ...process.env, TMPDIR: temporary } },
  )
  try {
    if (code !== 0) throw compileProblem(err, compiler, cache)
    writeFileSync(
      join(temporary, 'complete.json'),
      JSON.stringify({
        compiler: compiler.version,
        library: library.id,
        engine: engine.version,
        sha256: sha256(readFileSync(output)),
      }),
      { flush: true },
    )
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(dirname(folder), { recursive: true })
    renameSync(temporary, folder)
    syncFolder(dirname(folder))
  } catch (error) {
    throw asDiskProblem(error, cache)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return built
}

function isWhole(folder, built) {
  try {
    return JSON.parse(readFileSync(join(folder, 'complete.json'), 'utf8')).sha256 === sha256(readFileSync(built))
  } catch {
    return false
  }
}

function compileProblem(text, compiler, cache) {
  if (/No space left|Disk quota/i.test(text)) return asDiskProblem({ code: 'ENOSPC' }, cache)
  const first =
    text
      .split('\n')
      .filter((line) => /error|fatal|cannot find/i.test(line))
      .slice(0, 3)
      .join(' | ') || text.slice(-300)
  return new SetUpProblem('compile', `${compiler.program} could not compile the addon: ${first}`, [
    'use a C++17 compiler with its standard library (GCC 8, Clang 7 or newer); name it with CXX=...',
  ])
}

/**
 * Copies the addon into the package. It is no link, because package managers and container builds drop links that leave
 * the tree.
 */
export function placeAddon(engine, built) {
  const temporary = `${engine.place}.${process.pid}`
  try {
    mkdirSync(dirname(engine.place), { recursive: true })
    rmSync(stampOf(engine), { force: true })
    copyFileSync(built, temporary)
    renameSync(temporary, engine.place)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw asDiskProblem(error, engine.folder, ofClone)
  }
}

/** Fixes for the clone's own disk, where another cache would not help. */
const ofClone = {
  full: 'free about 100 MB there and run npm run setup again',
  closed: 'run the set-up as the user who owns the clone: npm run setup',
}

/** Records that the addon is proven. Until then every run proves it again. */
export function stampAddon(engine, library) {
  writeAtomically(
    stampOf(engine),
    JSON.stringify(
      {
        library: library.id,
        folder: library.folder,
        variant: library.variant,
        engine: engine.version,
        addon: sha256(readFileSync(engine.place)),
      },
      null,
      2,
    ),
  )
}
