#!/usr/bin/env node
// The program behind `npm run demo`, `npm test`, `npm start` and the other verbs. It works on a fresh clone: it first
// makes what a verb needs (packages, the native engine, the build), and says so. What is there already costs nothing.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare, PrepareError } from './run/prepare.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const service = ['services/standalone', 'services/trainer']

/**
 * What each verb needs and runs. `builds` are TypeScript projects; '.' is all of them, tests included. The doctor
 * changes nothing.
 */
const verbs = {
  demo: {
    says: 'train imclr and baseline on a small real data set, and show both reports',
    builds: [...service, 'sdk', 'infra'],
    engine: true,
    program: 'infra/dist/demo/demo.js',
  },
  experiment: {
    says: 'run a preset or an experiment of your own, or draw its report: npm run experiment -- --help',
    builds: [...service, 'sdk', 'infra'],
    engine: true,
    program: 'infra/dist/experiment/main.js',
  },
  start: {
    says: 'run the service on this machine, in the foreground',
    builds: service,
    engine: true,
    program: 'services/standalone/dist/main.js',
  },
  test: {
    says: 'run the tests, all or some: npm test -- test/queue',
    builds: ['.'],
    engine: true,
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run'],
  },
  doctor: {
    says: 'show what this machine can do and what it lacks',
    packages: false,
    builds: [],
    engine: false,
    program: 'infra/setup/doctor.mjs',
  },
  setup: {
    says: 'make the native engine (once per machine; the other verbs do it by themselves)',
    builds: [],
    engine: false,
    program: 'infra/setup/native.mjs',
  },
  bench: {
    says: 'measure the speed of training, evaluation and data',
    builds: ['.'],
    engine: true,
    program: 'test/dist/bench/main.js',
  },
  learning: {
    says: 'train with the same recipe here and in PyTorch, and compare (hours)',
    builds: ['.'],
    engine: true,
    program: 'test/dist/learning/main.js',
  },
  chaos: {
    says: 'kill processes at random moments, by seed, and check that nothing is lost',
    builds: ['.'],
    engine: true,
    program: 'test/dist/chaos/main.js',
  },
  fuzz: {
    says: 'try strange uploads on every reader of data, by seed',
    builds: ['.'],
    engine: false,
    program: 'test/dist/fuzz/main.js',
  },
  generate: {
    says: "write the SDK's generated client and the tables of docs/results.md",
    builds: ['infra/generate'],
    engine: false,
    program: 'infra/generate/dist/main.js',
  },
}

function usage() {
  const lines = Object.entries(verbs).map(([verb, { says }]) => `  ${verb.padEnd(10)} ${says}`)
  return ['usage: npm run <verb> [-- arguments]', '', ...lines, ''].join('\n')
}

/** Runs `program` with this terminal, passes signals on, and ends as it ended. */
function become(program, args) {
  if (!existsSync(join(root, program)))
    throw new PrepareError(`${program} is missing`, 'the build did not make it; remove the dist folders and try again')
  const child = spawn(process.execPath, [join(root, program), ...args], { stdio: 'inherit', cwd: root })
  // A terminal sends Ctrl-C to the child too; a second one would mean "stop at once".
  const passed = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGTERM', 'SIGHUP', 'SIGINT']
  for (const signal of passed) process.on(signal, () => child.kill(signal))
  if (process.stdin.isTTY) process.on('SIGINT', () => {})
  child.on('error', fail)
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function fail(error) {
  // A failure that the user can fix says how; any other is our mistake and shows where it happened.
  if (error.fix === undefined) throw error
  console.error(['', `imclr: ${error.message}`, ...[error.fix].flat().map((line) => `  fix: ${line}`)].join('\n'))
  process.exit(1)
}

async function main([name, ...args]) {
  const verb = Object.hasOwn(verbs, name ?? '') ? verbs[name] : undefined
  if (!verb) {
    const asked = name === undefined || name === '--help' || name === '-h' || name === 'help'
    if (asked) console.log(usage())
    else console.error(`imclr: there is no verb "${name}"\n\n${usage()}`)
    process.exit(asked && name !== undefined ? 0 : 2)
  }
  await prepare(root, verb)
  become(verb.program, [...(verb.args ?? []), ...args])
}

main(process.argv.slice(2)).catch(fail)
