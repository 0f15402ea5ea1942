// Runs the steps of a Dockerfile without Docker, as far as that goes: no image is pulled, so this machine stands in for the
// base image. Each stage is carried out in a folder of its own (its paths are build arguments), the final stage's command is
// started as the image's user with the image's environment, and its health check has to succeed; SIGTERM has to end it.
//
//     node docker/check.mjs [docker/standalone.Dockerfile]
//
// Packages from apt are looked up, not installed: that is what this machine stands in for.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dockerfile = resolve(process.argv[2] ?? join(root, 'docker/standalone.Dockerfile'))

/** The instructions, one per line after joining continued lines. */
function readDockerfile(path) {
  const text = readFileSync(path, 'utf8').replace(/\\\n/g, ' ')
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line.trim())
      return { name: name.toUpperCase(), rest }
    })
}

const expand = (text, variables) => text.replace(/\$\{(\w+)\}/g, (_, name) => variables[name] ?? '')

/** Copies what git knows (and no more) of a path of the checkout, as a clean checkout would have it. */
function copyFromCheckout(source, target) {
  const files = execFileSync('git', ['ls-files', '-z', '--', source], { cwd: root })
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)))
  if (files.length === 0) throw new Error(`COPY ${source}: git knows no such file`)
  for (const file of files) {
    const inside = file === source ? file.split('/').at(-1) : file.slice(source.length + 1)
    cpSync(join(root, file), file === source && !target.endsWith('/') ? target : join(target, inside))
  }
}

/** One Dockerfile's way through its stages, in `place`. */
class Build {
  constructor(place) {
    this.place = place
    this.stages = new Map()
    this.arguments = {
      NODE_IMAGE: 'this machine',
      APP: join(place, 'app'),
      ENGINE: join(place, 'engine'),
      DATA: join(place, 'data'),
    }
  }

  variables() {
    return { ...this.declared, ...this.environment }
  }

  run({ name, rest }) {
    const text = name === 'RUN' || name === 'CMD' || name === 'HEALTHCHECK' ? rest : expand(rest, this.variables())
    const step = this[name]
    if (!step) throw new Error(`${name}: docker/check.mjs does not know this instruction`)
    step.call(this, text)
  }

  FROM(text) {
    // The stage that ends steps aside whole, so that the next one has the same paths and finds nothing there.
    if (this.name !== undefined) {
      renameSync(this.place, `${this.place}.${this.name}`)
      this.stages.set(this.name, `${this.place}.${this.name}`)
      mkdirSync(this.place, { mode: 0o755 })
    }
    this.name = /\bAS (\w+)$/i.exec(text)?.[1] ?? 'final'
    Object.assign(this, { declared: {}, environment: {}, folder: this.place, user: undefined })
  }

  ARG(text) {
    const [name, value] = text.split('=')
    this.declared = { ...this.declared, [name]: this.arguments[name] ?? value }
  }

  ENV(text) {
    for (const [, name, value] of text.matchAll(/(\w+)=(\S*)/g)) this.environment[name] = value
  }

  WORKDIR(text) {
    this.folder = text
    mkdirSync(text, { recursive: true })
  }

  COPY(text) {
    const words = text.split(/\s+/)
    const from = words[0].startsWith('--from=') ? this.stages.get(words.shift().slice('--from='.length)) : undefined
    const to = words.pop()
    const target = isAbsolute(to) ? to : join(this.folder, to)
    for (const source of words) {
      if (from) cpSync(join(from, source.slice(this.place.length)), target, { recursive: true, verbatimSymlinks: true })
      else copyFromCheckout(source, target)
    }
  }

  RUN(text) {
    if (text.startsWith('apt-get ')) return this.lookUpPackages(text)
    const start = performance.now()
    const { status } = spawnSync('sh', ['-ec', text], {
      cwd: this.folder,
      env: { ...process.env, ...this.variables() },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (status !== 0) throw new Error(`RUN ${text}: exit code ${status}`)
    console.log(`docker: RUN ${text.slice(0, 60)}: ${Math.round((performance.now() - start) / 1000)} s`)
  }

  lookUpPackages(text) {
    const names =
      /install (.*?)(&&|$)/
        .exec(text)?.[1]
        .split(/\s+/)
        .filter((word) => word !== '' && !word.startsWith('-')) ?? []
    for (const name of names) {
      const known = spawnSync('apt-cache', ['show', '--no-all-versions', name], { stdio: 'ignore' }).status === 0
      if (!known) throw new Error(`RUN ${text}: this machine's Debian knows no package ${name}`)
    }
    console.log(`docker: packages known to Debian: ${names.join(', ')}`)
  }

  USER(text) {
    this.user = text.split(':').map(Number)
  }
  VOLUME() {}
  EXPOSE() {}
  STOPSIGNAL(text) {
    this.stopSignal = text
  }
  HEALTHCHECK(text) {
    this.healthCheck = JSON.parse(/CMD (\[.*\])$/.exec(text)[1])
  }
  CMD(text) {
    this.command = JSON.parse(text)
  }
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })
}

/** The engine's libraries have to be found where the final stage puts them, by the image's user. */
function loadEngine(build) {
  const program =
    "import('./services/trainer/dist/engine/tf.js').then(({ tf }) => { if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error('1 * 3 + 2 * 4 is not 11') })"
  const [uid, gid] = build.user
  const { status, stderr } = spawnSync('node', ['-e', program], {
    cwd: build.folder,
    env: { PATH: process.env.PATH, ...build.environment },
    encoding: 'utf8',
    ...(process.getuid() === 0 ? { uid, gid } : {}),
  })
  if (status !== 0) throw new Error(`the engine does not run: ${stderr}`)
  console.log('docker: the engine runs')
}

/** Starts what the image would start, waits until it is healthy, and ends it. */
async function startImage(build) {
  const [uid, gid] = build.user
  const asUser = process.getuid() === 0 ? { uid, gid } : {}
  // Nothing of this machine's environment but what finds the programs.
  const env = { PATH: process.env.PATH, HOME: build.place, ...build.environment, PORT: String(await freePort()) }
  const [program, ...args] = build.command
  const service = spawn(program, args, { cwd: build.folder, env, stdio: ['ignore', 'inherit', 'inherit'], ...asUser })
  const ended = new Promise((done) => service.once('exit', (code, signal) => done(code ?? signal)))
  let alive = true
  ended.then(() => {
    alive = false
  })
  const [check, ...checkArgs] = build.healthCheck
  const start = performance.now()
  try {
    while (
      spawnSync(check, checkArgs, { cwd: build.folder, env, stdio: 'ignore', timeout: 5_000, ...asUser }).status !== 0
    ) {
      if (!alive) throw new Error(`${build.command.join(' ')} ended with ${await ended}`)
      if (performance.now() - start > 90_000) throw new Error('the health check did not succeed within 90 s')
      await new Promise((done) => setTimeout(done, 250))
    }
    console.log(`docker: healthy after ${((performance.now() - start) / 1000).toFixed(1)} s, as user ${uid}`)
    service.kill(build.stopSignal)
    const code = await Promise.race([
      ended,
      new Promise((done) => setTimeout(() => done('nothing within 30 s'), 30_000).unref()),
    ])
    if (code !== 0) throw new Error(`${build.stopSignal} ended it with ${code}, not with exit code 0`)
  } finally {
    service.kill('SIGKILL')
  }
}

/** The engine's libraries from this machine's cache: fetching them is tried by the set-up's own tests. */
function lendLibraries(engine) {
  const cache = process.env.IMCLR_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'imclr')
  if (!existsSync(join(cache, 'tensorflow'))) return
  mkdirSync(engine, { recursive: true })
  const from = join(cache, 'tensorflow')
  // Links where the file system allows them: it is most of a gigabyte.
  if (spawnSync('cp', ['-al', from, engine], { stdio: 'ignore' }).status !== 0) execFileSync('cp', ['-a', from, engine])
}

const sizeOf = (folder) => execFileSync('du', ['-sm', folder]).toString().split('\t')[0]

// Readable for the image's user, who is not the one that builds.
const place = join(mkdtempSync(join(tmpdir(), 'imclr-docker-')), 'image')
execFileSync('chmod', ['755', dirname(place)])
mkdirSync(place, { mode: 0o755 })
try {
  const build = new Build(place)
  lendLibraries(build.arguments.ENGINE)
  build.declared = build.arguments
  for (const instruction of readDockerfile(dockerfile)) build.run(instruction)
  for (const name of ['app', 'engine']) console.log(`docker: ${name} is ${sizeOf(join(place, name))} MB`)
  if (!build.user?.[0]) throw new Error('the image would run as root: it has no USER, or not one in numbers')
  loadEngine(build)
  await startImage(build)
  console.log('docker: the image would work')
} finally {
  rmSync(dirname(place), { recursive: true, force: true })
}
