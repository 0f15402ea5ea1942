import { spawn } from 'node:child_process'

/**
 * Runs a program to its end and returns its output. A program that does not exist gives `code` null, not an exception.
 * @param {string} program @param {string[]} args @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<{ code: number | null, out: string, err: string, missing: boolean }>}
 */
export function runCommand(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', (error) => resolve({ code: null, out, err: String(error), missing: true }))
    child.on('close', (code, signal) =>
      resolve({ code, out, err: signal ? `${err}\nended by ${signal}` : err, missing: false }),
    )
  })
}
