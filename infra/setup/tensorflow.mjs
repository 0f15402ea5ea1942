import { createHash, randomBytes } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { syncFolder } from './cacheFolder.mjs'
import { runCommand } from './command.mjs'
import { SetUpProblem } from './problem.mjs'
import { findPython } from './python.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const libraries =
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

/**
 * @typedef {{ id: string, folder: string, variant: string, files: { path: string, bytes: number }[] }} Library where
 * the libraries lie (`folder`)
 */

/** The folder name of an unpacked pin; it changes with every pinned hash. */
export function libraryId(pin) {
  return createHash('sha256')
    .update(pin.wheels.map((wheel) => wheel.sha256).join())
    .digest('hex')
    .slice(0, 16)
}

/** @returns {Library | null} the unpacked wheel in the cache, if it is complete */
export function cachedLibrary(cache, pin) {
  const root = join(cache, 'tensorflow', libraryId(pin))
  try {
    const { files } = JSON.parse(readFileSync(join(root, 'complete.json'), 'utf8'))
    for (const file of files) if (statSync(join(root, file.path)).size !== file.bytes) return null
    return { id: libraryId(pin), folder: join(root, 'tensorflow'), variant: pin.variant, files }
  } catch {
    return null
  }
}

/**
 * `IMCLR_LIBTENSORFLOW`: a folder with the libraries and `include/`, such as an installed `site-packages/tensorflow`.
 */
export function givenLibrary(folder) {
  const lacking = [...libraries, 'include/tensorflow/c/c_api.h'].filter((name) => !existsSync(join(folder, name)))
  if (lacking.length > 0) {
    throw new SetUpProblem('bad-libtensorflow', `IMCLR_LIBTENSORFLOW=${folder} lacks ${lacking.join(', ')}`, [
      'name the folder of an installed TensorFlow: python3 -c "import tensorflow, os; print(os.path.dirname(tensorflow.__file__))"',
      'or unset IMCLR_LIBTENSORFLOW: then the pinned wheel is fetched',
    ])
  }
  const real = realpathSync(folder)
  const files = libraries.map((path) => ({ path, bytes: statSync(join(real, path)).size }))
  const id = createHash('sha256')
    .update(
      `${real} ${libraries.map((name) => `${statSync(join(real, name)).size}@${statSync(join(real, name)).mtimeMs}`).join()}`,
    )
    .digest('hex')
    .slice(0, 16)
  return { id, folder: real, variant: 'given', files }
}

/**
 * Fetches the pinned wheels with pip (so the user's mirror and proxy count), checks their sha256, keeps the needed
 * files. The caller holds the cache's lock. The folder appears by one rename, so an interrupted run leaves nothing that
 * looks whole.
 * @returns {Promise<Library>}
 */
export async function fetchLibrary(cache, pin, log) {
  const python = await findPython()
  checkSpace(cache, pin)
  const temporary = join(cache, 'tmp', randomBytes(6).toString('hex'))
  const unpacked = join(temporary, 'unpacked')
  mkdirSync(unpacked, { recursive: true })
  try {
    const wheels = []
    for (const wheel of pin.wheels) wheels.push(await download({ wheel, pin, python, temporary, log }))
    log('unpacking')
    const unpack = await runCommand(python.program, [join(here, 'unpackWheels.py'), unpacked, ...wheels])
    if (unpack.code !== 0) throw unpackProblem(unpack.err, cache)
    const files = unpack.out
      .trim()
      .split('\n')
      .filter((line) => !line.includes('/include/'))
      .map((line) => ({
        path: line.slice(0, line.lastIndexOf(' ')),
        bytes: Number(line.slice(line.lastIndexOf(' ') + 1)),
      }))
    writeFileSync(join(unpacked, 'complete.json'), JSON.stringify({ wheels: pin.wheels, files }, null, 2), {
      flush: true,
    })
    // TensorFlow finds CUDA beside itself, as in site-packages; the linker wants the plain name.
    if (process.platform === 'linux') symlinkSync(libraries[0], join(unpacked, 'tensorflow', 'libtensorflow.so'))
    const place = join(cache, 'tensorflow', libraryId(pin))
    rmSync(place, { recursive: true, force: true })
    mkdirSync(dirname(place), { recursive: true })
    renameSync(unpacked, place)
    syncFolder(dirname(place))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return cachedLibrary(cache, pin)
}

async function download({ wheel, pin, python, temporary, log }) {
  const folder = join(temporary, wheel.name)
  const scratch = join(temporary, 'pip')
  mkdirSync(folder)
  mkdirSync(scratch, { recursive: true })
  const title = `${wheel.name} ${wheel.version}`
  log(`fetching ${title} with pip ${python.pip}${wheel.bytes ? ` (${megabytes(wheel.bytes)} MB)` : ''}`)
  let told = 0
  const watch = setInterval(() => {
    // pip downloads to the one and copies to the other
    const bytes = Math.max(largestFile(scratch), largestFile(folder))
    if (bytes - told < 25_000_000) return
    told = bytes
    log(`  ${title}: ${megabytes(bytes)}${wheel.bytes ? ` of ${megabytes(wheel.bytes)}` : ''} MB`)
  }, 500)
  // Without a retry pip does not say that it could not connect.
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar',
    'off',
    '--retries',
    '2',
    '-d',
    folder,
  ]
  // One --abi alone: an old pip (20.0, as in Ubuntu 20.04) takes the last of several for the only one. Wheels for any
  // ABI match by themselves.
  const tags = [
    '--python-version',
    '3.12',
    '--implementation',
    'cp',
    '--abi',
    'cp312',
    ...pin.platforms.flatMap((tag) => ['--platform', tag]),
  ]
  const env = { ...process.env, TMPDIR: scratch, PIP_REQUIRE_VIRTUALENV: '0' }
  const pip = await runCommand(python.program, [...args, ...tags, `${wheel.name}==${wheel.version}`], { env })
  clearInterval(watch)
  if (pip.code !== 0) throw pipProblem(pip.err, title, temporary)
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.whl')) ?? 'missing')
  const sha256 = await hashFile(file)
  if (sha256 !== wheel.sha256) {
    throw new SetUpProblem(
      'wrong-hash',
      `${title} came with sha256 ${sha256}, but ${wheel.sha256} is the one that was tested`,
      [
        'the package index or a proxy delivers a changed file: see `pip config list`, or try another index with PIP_INDEX_URL=...',
      ],
    )
  }
  log(`  ${title}: ${megabytes(statSync(file).size)} MB, sha256 as pinned`)
  return file
}

function pipProblem(text, title, temporary) {
  const last =
    text
      .trim()
      .split('\n')
      .filter((line) => /error/i.test(line))
      .slice(-2)
      .join(' ') || text.trim().slice(-400)
  if (/No space left|Errno 28|Disk quota/i.test(text)) {
    return new SetUpProblem('disk-full', `pip ran out of space in ${temporary}`, [
      'free about 1.5 GB there, or name another place: IMCLR_CACHE=/somewhere/larger npm run setup',
    ])
  }
  if (/connection|resolve|timed? ?out|unreachable|SSL|proxy|Max retries|Temporary failure/i.test(text)) {
    return new SetUpProblem('no-network', `pip could not reach its package index for ${title}: ${last}`, [
      'check the network, or the proxy (HTTPS_PROXY) and index (PIP_INDEX_URL, `pip config list`) of this machine',
      'on a closed network: install TensorFlow 2.21 on another machine, copy its folder here, and set IMCLR_LIBTENSORFLOW to it',
    ])
  }
  return new SetUpProblem('no-wheel', `pip found no ${title}: ${last}`, [
    'the package index of this machine does not have it (see `pip config list`); name another with PIP_INDEX_URL=...',
    'or install TensorFlow 2.21 elsewhere, copy its folder here, and set IMCLR_LIBTENSORFLOW to it',
  ])
}

function unpackProblem(text, cache) {
  if (/No space left|Errno 28|Disk quota/i.test(text)) {
    return new SetUpProblem('disk-full', `no space left in ${cache}`, [
      'free about 1.5 GB there, or name another place: IMCLR_CACHE=/somewhere/larger npm run setup',
    ])
  }
  return new SetUpProblem('unpack', `the wheel could not be unpacked: ${text.trim().slice(-300)}`, [
    'run npm run setup again',
  ])
}

function checkSpace(cache, pin) {
  const needed = pin.variant === 'gpu' ? 12e9 : 1.4e9
  const { bavail, bsize } = statfsSync(cache)
  if (bavail * bsize >= needed) return
  throw new SetUpProblem(
    'disk-full',
    `${cache} has ${megabytes(bavail * bsize)} MB free; the engine needs ${megabytes(needed)} MB while it is unpacked`,
    ['free some space there, or name another place: IMCLR_CACHE=/somewhere/larger npm run setup'],
  )
}

const megabytes = (bytes) => Math.round(bytes / 1e6)

function largestFile(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    try {
      if (entry.isFile()) bytes = Math.max(bytes, statSync(join(entry.parentPath ?? entry.path, entry.name)).size)
    } catch {
      // pip moves its files while we look.
    }
  }
  return bytes
}

async function hashFile(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 22 })) hash.update(chunk)
  return hash.digest('hex')
}
