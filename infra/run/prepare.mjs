// Makes what a verb needs before it can run: a Node that is new enough, the packages, the native engine, the build.
// Each step checks whether there is anything to do, and is silent if there is not.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, lockCache } from '../setup/cacheFolder.mjs'

const oldestNode = [20, 15] // the first 20 with zlib.crc32

/** A problem that the user can fix; `fix` says how. */
export class PrepareError extends Error {
  constructor(message, fix) {
    super(message)
    this.fix = fix
  }
}

/** Makes what a verb needs. Two verbs at once in one clone take turns, so that neither runs on a half-built clone. */
export async function prepare(root, { packages = true, engine, builds }) {
  checkNode()
  if (!packages) return
  const release = await lockCache(
    join(cacheFolder(), 'clones', createHash('sha256').update(root).digest('hex').slice(0, 16)),
    say,
  )
  try {
    await installPackages(root)
    if (engine) await setUpEngine(root)
    if (builds.length > 0) await build(root, builds)
  } finally {
    release()
  }
}

export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  const enough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  if (!enough)
    throw new PrepareError(
      `Node ${version} is too old`,
      `install Node ${oldestNode.join('.')} or newer (we recommend 22)`,
    )
}

/**
 * Runs `npm ci` unless node_modules matches package-lock.json. An interrupted `npm ci` leaves no stamp and no record,
 * so it runs again.
 */
export async function installPackages(root) {
  if (isInstalled(root)) return
  // If npm runs us, its own path is in the environment.
  const npm = process.env.npm_execpath
  const [command, prefix] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  await step('installing packages (npm ci)', async () => {
    const { code, output } = await run(root, command, [
      ...prefix,
      'ci',
      '--include=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ])
    if (code !== 0)
      throw new PrepareError(
        `npm ci failed\n${indent(output)}`,
        'check that the npm registry answers (npm ping) and that the disk has 1.5 GB free, then run the command again',
      )
    writeFileSync(stampOf(root), sumOf(join(root, 'package-lock.json')))
  })
}

const stampOf = (root) => join(root, 'node_modules', '.imclr-installed')
const sumOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/**
 * Whether our stamp names this lock file, or npm's own record of node_modules (which it writes last) has every package
 * of it.
 */
export function isInstalled(root) {
  const lock = join(root, 'package-lock.json')
  if (existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === sumOf(lock)) return true
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === '' || !path.includes('node_modules/')) return true
    const found = present[path]
    // Optional packages may be missing: they are for other platforms.
    if (!found) return Boolean(optional || devOptional)
    return found.version === version && found.integrity === integrity
  })
}

export async function setUpEngine(root) {
  const { setUpNative } = await import(join(root, 'infra/setup/native.mjs'))
  await setUpNative({ log: say })
}

/** Builds TypeScript projects that are out of date. */
export async function build(root, projects) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await step('building', async () => {
    const { code, output } = await run(root, process.execPath, [tsc, '-b', ...projects])
    if (code !== 0)
      throw new PrepareError(
        `the build failed\n${indent(output)}`,
        'on an unchanged clone: remove the dist folders and try again; otherwise the lines above name the place',
      )
  })
}

/** Runs `action`. If it takes more than two seconds, says what is going on, and in the end how long it took. */
async function step(what, action) {
  const start = performance.now()
  let said = false
  const speak = () => {
    said = true
    say(`${what} ...`)
  }
  const timer = setTimeout(speak, 2_000)
  try {
    await action()
  } finally {
    clearTimeout(timer)
  }
  if (said) say(`${what}: done in ${Math.round((performance.now() - start) / 1000)} s`)
}

/** Prints to stderr, so that a verb's own output can be piped. */
function say(line) {
  console.error(`imclr: ${line}`)
}

/** Runs a program to its end. Returns its exit code and its last 40 lines. */
function run(root, command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const stop = () => {
      child.kill('SIGTERM')
      process.exit(143)
    }
    process.once('SIGTERM', stop)
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) =>
      reject(
        new PrepareError(
          `cannot run ${command}: ${error.message}`,
          `make sure ${command} is installed and on the PATH`,
        ),
      ),
    )
    child.on('close', (code) => {
      process.off('SIGTERM', stop)
      resolve({ code, output: output.trimEnd().split('\n').slice(-40).join('\n') })
    })
  })
}

function indent(text) {
  return text
    .split('\n')
    .map((line) => `  | ${line}`)
    .join('\n')
}
